"""Mails that tell a person what was done, or tried, with their sign-in.

They wait in the database for a worker (`brokerapp.mailing`), in the transaction of what they tell of.
"""

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.db.models import TextChoices
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts import securing
from brokerapp.accounts.models import User
from brokerapp.accounts.signin import known_devices
from brokerapp.web.addresses import UnknownClientAddress, client_ip
from brokerapp.workflow.actors import Actor, ActorKind
from brokerapp.workflow.models import StatusChange


class SignInEvent(TextChoices):
    """What happened to a person's sign-in, as steps in their history: each is in their inbox too."""

    NEW_DEVICE = "NEW_DEVICE", "new device"
    PASSWORD = "PASSWORD_CHANGED", "password changed"
    EMAIL = "EMAIL_CHANGED", "e-mail address changed"
    SECOND_STEP = "SECOND_STEP_CHANGED", "second step changed"
    CONFIRMING_FAILED = "CONFIRMING_FAILED", "confirming failed"


EVENTS = {
    "account/email/new_device": SignInEvent.NEW_DEVICE,
    "account/email/password_changed": SignInEvent.PASSWORD,
    "account/email/password_reset": SignInEvent.PASSWORD,
    "account/email/password_set": SignInEvent.PASSWORD,
    "account/email/email_changed": SignInEvent.EMAIL,
    "account/email/second_step_removed": SignInEvent.SECOND_STEP,
    "account/email/failed_confirmations": SignInEvent.CONFIRMING_FAILED,
    "mfa/email/recovery_codes_generated": SignInEvent.SECOND_STEP,
    "mfa/email/totp_activated": SignInEvent.SECOND_STEP,
    "mfa/email/totp_deactivated": SignInEvent.SECOND_STEP,
    "mfa/email/webauthn_added": SignInEvent.SECOND_STEP,
    "mfa/email/webauthn_removed": SignInEvent.SECOND_STEP,
}
"""The event that each mail tells of; one that is not here (a change only asked for) is a mail alone."""


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
    with transaction.atomic():
        if (event := EVENTS.get(template)) is not None:
            _keep(person, event)
        EmailMessage(subject, body + "\n", settings.DEFAULT_FROM_EMAIL, [address]).send()


def _keep(person: User, event: SignInEvent) -> None:
    """Write the event into the history, which is what inboxes are made from.

    Who did it is in the security log, which also knows of staff; here it is the one whose sign-in it is.
    """
    StatusChange.record(
        person, event, Actor(ActorKind.PERSON, person.pk), from_status="", person_id=person.pk
    )


def _origin(request: HttpRequest) -> dict[str, str]:
    try:
        ip = client_ip(request)
    except UnknownClientAddress:
        ip = ""
    return {"ip": ip, "device": known_devices.describe(request.headers.get("User-Agent", ""))}
