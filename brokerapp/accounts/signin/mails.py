"""Mails that tell a person what was done, or tried, with their sign-in.

They wait in the database for a worker (`brokerapp.mailing`), in the transaction of what they tell of.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts import securing
from brokerapp.accounts.models import User
from brokerapp.accounts.signin import known_devices
from brokerapp.web.addresses import UnknownClientAddress, client_ip


def tell(
    person: User, template: str, *, to: str = "", request: HttpRequest | None = None, **context: Any
) -> None:
    """Mail a person, at their address or at `to`, with when and, from the request, from where it was done.

    `template`: the beginning of the names of the two texts, `account/email/password_changed`.
    """
    address = to or EmailAddress.objects.get_primary_email(person)
    if not address:
        return
    context |= {
        "when": f"{timezone.localtime():%a %d %b %Y, %H:%M} in New York",
        "security_url": settings.SITE_URL + reverse("account_security"),
        "reset_url": settings.SITE_URL + reverse("account_reset_password"),
        "secure_url": securing.link_for(person),
        **(_origin(request) if request else {}),
    }
    subject = render_to_string(f"{template}_subject.txt", context).strip()
    body = render_to_string(f"{template}_message.txt", context).strip()
    EmailMessage(subject, body + "\n", settings.DEFAULT_FROM_EMAIL, [address]).send()


def _origin(request: HttpRequest) -> dict[str, str]:
    try:
        ip = client_ip(request)
    except UnknownClientAddress:
        ip = ""
    return {"ip": ip, "device": known_devices.describe(request.headers.get("User-Agent", ""))}
