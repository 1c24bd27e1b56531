"""The second step of the demo's people, whose app nobody has: the dev mailbox shows the codes."""

from dataclasses import dataclass

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt

from brokerapp.accounts.models import User

SET_UP_BY_DEMO = "demo"
"""Marks the row: only what the demo set up is shown, never an app that somebody added."""


@dataclass(frozen=True)
class Code:
    """What a person's app would show now, and for how many seconds more."""

    email: str
    code: str
    seconds: int


def set_up(person: User) -> None:
    """Give a person of the demo an authenticator app, unless they have one; its key is made up afresh."""
    if not Authenticator.objects.filter(user=person, type=Authenticator.Type.TOTP).exists():
        added = totp.TOTP.activate(person, totp.generate_totp_secret()).instance
        added.data[SET_UP_BY_DEMO] = True
        added.save(update_fields=["data"])


def current(now: float) -> list[Code]:
    """The codes of those whom the demo gave an app, at an instant in seconds since 1970."""
    period = app_settings.TOTP_PERIOD
    rows = Authenticator.objects.filter(type=Authenticator.Type.TOTP, data__has_key=SET_UP_BY_DEMO)
    return [
        Code(
            row.user.email,
            totp.format_hotp_value(totp.hotp_value(decrypt(row.data["secret"]), int(now) // period)),
            period - int(now) % period,
        )
        for row in rows.select_related("user").order_by("user__email")
    ]
