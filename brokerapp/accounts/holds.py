"""Holds on withdrawals: after a change by which somebody could take an account over, money waits a while.

What starts one, for `WITHDRAWAL_HOLD_HOURS`: a new password, another e-mail address, a second factor that was
taken away, renewed or added beside another, and a bank that was linked. Two things start none. The first
second factor of a person opens nothing that was shut. The first bank of an account in which there has never
been any money: there is nothing to take, and money can only come in over that same bank.
"""

from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User, WithdrawalHold
from brokerapp.accounts.statuses import HoldReason, HoldStatus
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.units.market_time import clock_text, day_text, in_new_york
from brokerapp.workflow import state

WHY = {
    HoldReason.PASSWORD: "your password was changed",
    HoldReason.EMAIL: "your e-mail address was changed",
    HoldReason.MFA: "your second step of signing in was changed",
    HoldReason.BANK: "a bank was linked",
    HoldReason.SECURED: "you secured your account",
}


def place_hold(
    user: User, reason: HoldReason, *, by: AbstractBaseUser | None = None, now: datetime | None = None
) -> WithdrawalHold | None:
    """Let no money leave the person's accounts for `WITHDRAWAL_HOLD_HOURS`; None if that is 0.

    One for `HoldReason.SECURED` lasts until staff lift it, and is there once: a second returns the first.
    """
    now = now or timezone.now()
    if reason != HoldReason.SECURED and not settings.WITHDRAWAL_HOLD_HOURS:
        return None
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        if reason == HoldReason.SECURED and (first := _secured(user)) is not None:
            return first
        ends = now + timedelta(hours=settings.WITHDRAWAL_HOLD_HOURS)
        until = None if reason == HoldReason.SECURED else ends
        hold = WithdrawalHold(user=user, cause=reason, until=until, created_at=now, status_at=now)
        state.start(hold, by=by or user, reason=str(reason.label))
        detail = {"cause": reason.value, "until": until.isoformat() if until else "staff lift it"}
        record(Kind.HOLD_PLACED, person=user, obj=hold, detail=detail)
    return hold


def _secured(user: User) -> WithdrawalHold | None:
    active = WithdrawalHold.objects.filter(user=user, status=HoldStatus.ACTIVE)
    return active.filter(cause=HoldReason.SECURED).first()


def current_hold(user: User, now: datetime | None = None) -> WithdrawalHold | None:
    """What keeps money from leaving the person's accounts now; None if nothing of ours does."""
    return WithdrawalHold.objects.current(user.pk, now or timezone.now())


LIFT_HOLD = "LIFT_HOLD"
"""The decision of two members of staff that money may leave again, where there is much of it."""


def needs_two(person_id: int) -> bool:
    """Whether more could leave at once than one member of staff may open (`SECOND_PERSON_ABOVE`, USD)."""
    theirs = BrokerageAccount.objects.filter(user_id=person_id)
    most = theirs.aggregate(total=Sum("cash_withdrawable"))["total"] or Decimal(0)
    return bool(most > settings.SECOND_PERSON_ABOVE)


def check_active(hold: WithdrawalHold) -> None:
    """Raises `IllegalMove` unless the hold can be lifted."""
    if hold.status != HoldStatus.ACTIVE:
        raise state.IllegalMove("It is lifted already.")


def decide_lift(hold: WithdrawalHold, by: User, reason: str) -> None:
    """What a decision `LIFT_HOLD` does, once a second person has confirmed it."""
    lift_hold(hold=hold, by=by, reason=reason)


def lift_hold(*, hold: WithdrawalHold, by: User, reason: str) -> WithdrawalHold:
    """A member of staff lets money leave again before the time, having made sure whose account it is.

    Raises `IllegalMove` if it is lifted already, and `LostRace`.
    """
    kind = Kind.SECURED_CLEARED if hold.cause == HoldReason.SECURED else Kind.HOLD_LIFTED
    with transaction.atomic():
        lifted = state.move(hold, HoldStatus.LIFTED, by=by, reason=reason)
        record(kind, person=hold.user_id, staff=by, obj=lifted, reason=reason)
    return lifted


def in_words(hold: WithdrawalHold, now: datetime) -> str:
    """What a held withdrawal says: until when, how long that is, and why, in sentences."""
    if hold.until is None:
        secured_on = day_text(in_new_york(hold.created_at))
        return (
            f"You secured your account on {secured_on}, so no money can leave it. Contact support: they make "
            "sure that it is you, and open withdrawals again."
        )
    left, why = time_left(hold.until - now), WHY[HoldReason(hold.cause)]
    return (
        f"Withdrawals are on hold for another {left}, until {until_text(hold)}, because {why}. "
        "That gives you time to step in if it was not you."
    )


def until_text(hold: WithdrawalHold) -> str:
    """`Mon 4 Mar, 9:30 am ET`; "" for one that lasts until staff lift it."""
    return f"{day_text(in_new_york(hold.until))}, {clock_text(hold.until)}" if hold.until else ""


def time_left(left: timedelta) -> str:
    """`23 hours and 5 minutes`; minutes are rounded up, and the last is said to be one."""
    minutes = max(-(-int(left.total_seconds()) // 60), 1)
    hours, minutes = divmod(minutes, 60)
    parts = [_of(hours, "hour"), _of(minutes, "minute")]
    return " and ".join(part for part in parts if part)


def _of(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}" if number else ""
