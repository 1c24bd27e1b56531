"""The second step of signing in: who must have one, and what is done when it is lost."""

import time
from enum import StrEnum
from functools import partial

from allauth.mfa import app_settings
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt, encrypt
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from brokerapp import live
from brokerapp.accounts import holds
from brokerapp.accounts.models import User
from brokerapp.accounts.signin import mails, sealing, sessions
from brokerapp.accounts.statuses import HoldReason
from brokerapp.security.encryption import CannotDecrypt
from brokerapp.security.rotation import Rotated, Say
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.workflow.state import IllegalMove

SEALED = ("secret", "seed")
"""What allauth keeps encrypted of an app and of recovery codes."""


class Required(StrEnum):
    """Of which people a second step is required (`MFA_REQUIRED`); of staff it always is."""

    NEVER = "never"
    PAYOUTS = "payouts"
    ALWAYS = "always"


def is_set_up(person: User | AnonymousUser) -> bool:
    """Whether a person has an authenticator app or a passkey; recovery codes alone are none."""
    if person.pk is None:
        return False
    own = Authenticator.objects.filter(user_id=person.pk)
    return own.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def is_required(person: User, *, for_payout: bool = False) -> bool:
    """Whether a person has to have one, at all or for what pays out and what that rests on."""
    if person.is_staff:
        return True
    return settings.MFA_REQUIRED == Required.ALWAYS or (
        for_payout and settings.MFA_REQUIRED == Required.PAYOUTS
    )


def is_missing(person: User, *, for_payout: bool = False) -> bool:
    """Whether one is required and not there."""
    return is_required(person, for_payout=for_payout) and not is_set_up(person)


def is_last(authenticator: Authenticator) -> bool:
    """Whether it is the only one besides recovery codes."""
    others = Authenticator.objects.filter(user_id=authenticator.user_id).exclude(pk=authenticator.pk)
    return not others.exclude(type=Authenticator.Type.RECOVERY_CODES).exists()


def use_code_once(authenticator: Authenticator, code: str) -> bool:
    """Take a code of an authenticator app for used; False if it, or a later one, was used before.

    allauth remembers used codes in the cache, which may be lost; the row is not.
    """
    with transaction.atomic():
        row = Authenticator.objects.select_for_update(no_key=True).get(pk=authenticator.pk)
        secret = decrypt(row.data["secret"])
        now = int(time.time()) // app_settings.TOTP_PERIOD
        steps = range(now - app_settings.TOTP_TOLERANCE, now + app_settings.TOTP_TOLERANCE + 1)
        matching = [step for step in steps if totp.format_hotp_value(totp.hotp_value(secret, step)) == code]
        if not matching or matching[0] <= row.data.get("last_step", 0):
            return False
        row.data["last_step"] = matching[0]
        row.save(update_fields=["data"])
    authenticator.data = row.data
    return True


REMOVE_LOST = "REMOVE_SECOND_STEP"
"""The decision of two members of staff that a lost second step is taken away, where it opens much."""


def needs_two_to_remove(person: User) -> bool:
    """Whether one member of staff may not take it away: it opens much money, or the pages of staff."""
    return person.is_staff or holds.needs_two(person.pk)


def check_has_one(person: User) -> None:
    """Raises `IllegalMove` where there is nothing to take away."""
    if not Authenticator.objects.filter(user=person).exists():
        raise IllegalMove("They have no second step.")


def decide_removal(person: User, by: User, reason: str) -> None:
    """What a decision `REMOVE_LOST` does, once a second person has confirmed it; in their transaction."""
    remove_lost(person)


def remove_lost(person: User) -> int:
    """Take a person's second step away, as they have lost it and the recovery codes; how much was removed.

    Whoever asks for it has to have made sure who the person is. They are signed out everywhere and told by
    mail; the password stays, and a new second step is asked for where one is required. Withdrawals wait.
    """
    with transaction.atomic():
        removed, _ = Authenticator.objects.filter(user=person).delete()
        holds.place_hold(person, HoldReason.MFA)
        record(Kind.MFA_REMOVED, person=person, detail={"removed": removed, "lost": True})
        sessions.end_all(person)
        mails.tell(person, "account/email/second_step_removed")
        # Open pages asked whether their session is there still before its end was committed.
        transaction.on_commit(partial(live.check_sessions, person.pk))
    return removed


def reseal(say: Say) -> Rotated:
    """Encrypt the secrets of apps and recovery codes anew with the newest key; safe to repeat."""
    rotated = Rotated()
    for key in Authenticator.objects.order_by("pk").values_list("pk", flat=True).iterator():
        try:
            rotated.done += _reseal(key)
        except CannotDecrypt as error:
            say(f"second step {key}: {error}")
            rotated.failed += 1
    say(f"Second steps: {rotated.done}")
    return rotated


def _reseal(key: int) -> bool:
    with transaction.atomic():
        row = Authenticator.objects.select_for_update(no_key=True).filter(pk=key).first()
        if row is None:
            return False  # removed meanwhile
        held = {name: row.data[name] for name in SEALED if row.data.get(name)}
        old = {name: text for name, text in held.items() if sealing.is_outdated(text)}
        if old:
            row.data |= {name: encrypt(decrypt(text)) for name, text in old.items()}
            row.save(update_fields=["data"])
    return bool(old)
