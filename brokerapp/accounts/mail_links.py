"""The link that confirms an address, sent again to who has just signed up or tried to sign in.

It goes to the address of that sign-up alone, and nothing that this says or does tells whether the address was
known before.
"""

from allauth.account.internal.flows.email_verification import send_verification_email_to_address
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from brokerapp.accounts.models import User

SESSION_KEY = "address_to_confirm"
SIGN_UP_KEY = "sign_up_to_confirm"


def remember_sign_up(request: HttpRequest, address: str, user: User | None) -> None:
    """Keep which address this browser has just signed up with; no `user` if the address was known.

    The sign-up that it made before with another address, and did not confirm, is taken back: "Use another
    address" leaves none behind.
    """
    former = User.objects.filter(pk=request.session.get(SIGN_UP_KEY, 0), last_login=None)
    if address.lower() != address_to_confirm(request).lower():
        former.exclude(emailaddress__verified=True).delete()
        request.session.pop(SIGN_UP_KEY, None)
    if user is not None:
        request.session[SIGN_UP_KEY] = user.pk
    remember_address(request, address)


def remember_address(request: HttpRequest, address: str) -> None:
    """Keep in this browser's session which address a link was just sent to."""
    request.session[SESSION_KEY] = address


def address_to_confirm(request: HttpRequest) -> str:
    """The address that a link was sent to from this browser, "" if none is known."""
    return str(request.session.get(SESSION_KEY, ""))


def send_again(request: HttpRequest) -> bool:
    """Send the link once more; False if the last one is too new, or none was asked for from this browser.

    An address that was known at sign-up gets the mail again that says so.
    """
    address = address_to_confirm(request)
    if not address:
        return False
    waiting = EmailAddress.objects.filter(email__iexact=address, verified=False).first()
    return bool(
        send_verification_email_to_address(request, waiting or EmailAddress(email=address), signup=True)
    )
