"""What became of a transfer whose reply was lost. How that is found out, its rail says (`Rail.settled_by`).

With a key at the broker, the call is repeated for a day: the broker does it once. A refusal then is the
answer to the second call, not to the first: the row stays UNKNOWN. Without a key, and after that day, it is
never repeated while a call may have arrived; a SUBMITTING or UNKNOWN row is then one of four cases, told
apart by our own records and the account's list:

1. Nobody claimed it: the message to the worker was lost. Nothing was sent; send it.
2. The broker lists exactly one transfer that can only be ours (`applying.adopt`): adopt it.
3. The broker lists none, and no call was ever attempted: every attempt has its row in the call log before it
   is made. The claiming process died between claim and call; once it cannot be alive any more, the claim is
   given back (`writes.release_unsent`) and the transfer is sent.
4. The broker lists none or several, and a call may have arrived: it stays UNKNOWN and is looked for again and
   again. After `TRANSFER_UNDECIDED_AFTER_SECONDS` it waits for staff, and no longer counts as on its way.

What is called NOT_MADE gives way to the broker's word, whenever a list or an event shows that it was made.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.contrib.auth.base_user import AbstractBaseUser
from django.db import transaction
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown, BrokerRejected
from brokerapp.workflow import following, jobs, state, sweeps, writes
from brokerapp.workflow.actors import Actor
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import Process
from funding import rails
from funding.models import Transfer
from funding.rails import SettledBy
from funding.rails.ach import earliest
from funding.services.applying import By, apply_transfer, find_matches, schedule
from funding.services.transfers import give_up_unsent, send_transfer, sync_account_transfers
from funding.snapshots import Snapshot
from funding.statuses import UNSETTLED_TRANSFER, TransferStatus

logger = logging.getLogger(__name__)

SEND_WITHIN = timedelta(hours=24)
"""A transfer that was certainly not sent is not sent later than this: the person has moved on.

Well under the life of the call log's rows, whose absence is part of the proof.
"""
ENOUGH_LOOKS = 2
"""Lists of the broker's without a clear match, each read when no call can be under way any more."""
CHECKING = "We are checking with the broker whether this went through. Please do not send it again."
UNCONFIRMED = (
    "We could not confirm this with the broker; our staff are looking into it. "
    "Nothing of it is counted as on its way."
)
TOO_LATE = "The broker could not be reached in time. It was not sent, and no money moved."
DECIDED = "Our staff have checked with the broker: it has no such transfer, and no money moved."


NEVER_MADE = "TRANSFER_NEVER_MADE"
"""The decision of two members of staff that the broker has no such transfer."""
IS_THIS = "TRANSFER_IS_THIS"
"""The decision of two members of staff which of several transfers at the broker it is."""
CHOSEN = "Our staff have found out which transfer at the broker it is. We are reading what became of it."


class NotUndecided(state.IllegalMove):
    """Staff can only decide about a transfer whose outcome is unknown."""


def settle_transfers(*, now: datetime) -> None:
    """Send what nobody has sent, and ask about what has no known outcome."""
    settle = partial(_settle, now=now)
    sweeps.sweep_calls(
        "transfers",
        writes.waiting_to_be_sent(Transfer, now).select_related("account", "bank_link"),
        Transfer.objects.to_settle(now).select_related("account", "bank_link"),
        send=settle,
        settle=settle,
        failed=partial(following.schedule_retry, now=now),
    )


def _settle(transfer: Transfer, now: datetime) -> None:
    settle_transfer(transfer=transfer, now=now, by=Process.SWEEP)


def settle_transfer(*, transfer: Transfer, now: datetime, by: By) -> Transfer:
    """Find out what became of it, and do what is left to do.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown` if the broker cannot be asked, and `LostRace`.
    """
    if transfer.claimed_at is None:
        return _send_or_give_up(transfer, now)
    if transfer.claimed_at > now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS):
        return transfer  # its call may still be under way
    if rails.of(transfer).settled_by is SettledBy.REPEATING:
        return _repeat(transfer, now, by)
    return _look(transfer, now, by)


def _send_or_give_up(transfer: Transfer, now: datetime) -> Transfer:
    if transfer.created_at >= now - SEND_WITHIN:
        return send_transfer(transfer=transfer, now=now)
    return give_up_unsent(transfer, TOO_LATE, now=now)


def _repeat(transfer: Transfer, now: datetime, by: By) -> Transfer:
    """Make the call again under its key: the broker answers with what the first one made, or does it now."""
    if transfer.claimed_at is not None and transfer.claimed_at < now - SEND_WITHIN:
        # How long the broker keeps a key is not documented.
        return _look(transfer, now, by)
    # Read before the call: a refusal of the second says nothing of a first that may still arrive.
    may_have_arrived = writes.may_have_arrived(transfer)
    try:
        found = rails.of(transfer).create(transfer)
    except BrokerRejected as error:
        if may_have_arrived:
            return _leave_unknown(transfer, now, by)
        return writes.conclude(
            transfer, TransferStatus.REJECTED, reason=error.user_message, request_id=error.request_id
        )
    except BrokerOutcomeUnknown as error:
        logger.info("%s: %s", transfer, error)
        return _leave_unknown(transfer, now, by)
    return apply_transfer(transfer=transfer, snapshot=found, by=by)


def _look(transfer: Transfer, now: datetime, by: By) -> Transfer:
    # Read before the list: a call that begins in between is then not taken for one that never was.
    may_have_arrived = writes.may_have_arrived(transfer)
    since = earliest(transfer)
    listed = rails.of(transfer).read(transfer.account, about=transfer, wanted=(), since=since)
    matches = find_matches(transfer, listed)
    may_have_arrived = may_have_arrived or listed.unreadable > 0
    if transfer.broker_transfer_id is not None:  # staff have said which it is
        matches = [found for found in matches if found.id == transfer.broker_transfer_id]
    if len(matches) == 1:
        return apply_transfer(transfer=transfer, snapshot=matches[0], by=by)
    if matches or may_have_arrived:
        return _leave_unknown(transfer, now, by)
    if writes.release_unsent(transfer, now=now):
        return _send_or_give_up(transfer, now)
    schedule(transfer, now=now)
    return transfer


def _leave_unknown(transfer: Transfer, now: datetime, by: By) -> Transfer:
    """Keep looking; after a while, have staff find out."""
    with transaction.atomic():
        locked = Transfer.objects.select_for_update(of=("self",), no_key=True).get(pk=transfer.pk)
        if locked.status == TransferStatus.SUBMITTING:
            locked = state.move(locked, TransferStatus.UNKNOWN, by=by, reason=CHECKING)
        if locked.status == TransferStatus.UNKNOWN:
            Transfer.objects.filter(pk=locked.pk).update(looks_in_vain=min(locked.looks_in_vain + 1, 32000))
            locked.refresh_from_db()
            if _is_overdue(locked, now):
                _ask_staff(locked, now, by)
            schedule(locked, now=now)
    locked.refresh_from_db()
    return locked


def _is_overdue(transfer: Transfer, now: datetime) -> bool:
    patience = timedelta(seconds=settings.TRANSFER_UNDECIDED_AFTER_SECONDS)
    assert transfer.claimed_at is not None
    looked_enough = transfer.looks_in_vain >= ENOUGH_LOOKS and transfer.claimed_at < now - patience
    return looked_enough and transfer.needs_decision_at is None


def _ask_staff(transfer: Transfer, now: datetime, by: By) -> None:
    """Put it into the queue of staff. Its status stays, so the history has a line of its own for this."""
    logger.error("%s could not be found at the broker: staff must decide", transfer)
    StatusChange.record(transfer, transfer.status, Actor.of(by, transfer.user_id), UNCONFIRMED)
    Transfer.objects.filter(pk=transfer.pk).update(needs_decision_at=now, status_reason=UNCONFIRMED)


def ask_broker(*, transfer: Transfer, by: User, now: datetime) -> Transfer:
    """Do at once what the sweeps would do, as a member of staff wants to know: settle it or read it.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown` if the broker cannot be asked, and `LostRace`.
    """
    if transfer.status in UNSETTLED_TRANSFER:
        return settle_transfer(transfer=transfer, now=now, by=by)
    Transfer.objects.filter(pk=transfer.pk).update(due_at=now)
    sync_account_transfers(account=transfer.account, now=now, by=by)
    transfer.refresh_from_db()
    return transfer


def ask_broker_soon(*, transfer: Transfer, by: User) -> None:
    """Have a worker ask the broker about it, as a member of staff wants to know."""
    jobs.enqueue("funding.tasks.ask_about_transfer", transfer_id=transfer.pk, staff_id=by.pk)


def find_candidates(*, transfer: Transfer) -> list[Snapshot]:
    """What the broker has now that can be a transfer of unknown outcome, and is no other row's. One call.

    Raises `NotUndecided`, `BrokerNotDone` and `BrokerOutcomeUnknown`.
    """
    check_undecided(transfer)
    since = earliest(transfer)
    listed = rails.of(transfer).read(transfer.account, about=transfer, wanted=(), since=since)
    return find_matches(transfer, listed)


def decide_is_this(transfer: Transfer, by: AbstractBaseUser, reason: str, value: str) -> None:
    """What a decision `IS_THIS` does: keep which it is; the broker's word on that one is read at once.

    Raises `NotUndecided`, also where another row has that transfer by now.
    """
    check_undecided(transfer)
    if Transfer.objects.filter(broker_transfer_id=value).exclude(pk=transfer.pk).exists():
        raise NotUndecided("Another transfer of ours is that one by now, so this is not.")
    state.note(transfer, by=by, reason=f"It is {value} at the broker.")
    Transfer.objects.filter(pk=transfer.pk).update(
        broker_transfer_id=value, needs_decision_at=None, status_reason=CHOSEN, due_at=timezone.now()
    )
    jobs.enqueue("funding.tasks.ask_about_transfer", transfer_id=transfer.pk, staff_id=by.pk)


def check_undecided(transfer: Transfer) -> None:
    """Raises `NotUndecided` unless staff can decide about it."""
    if transfer.status != TransferStatus.UNKNOWN:
        raise NotUndecided(f"It is {transfer.get_status_display().lower()}, so there is nothing to decide.")


def decide_not_done(transfer: Transfer, by: AbstractBaseUser, reason: str) -> Transfer:
    """What a decision `NEVER_MADE` does, once a second person has confirmed it."""
    return record_not_done(transfer=transfer, by=by)


def record_not_done(*, transfer: Transfer, by: AbstractBaseUser) -> Transfer:
    """Staff decide, having asked the broker, that an UNKNOWN one was never made.

    Should a list or an event show it after all, it is adopted. Raises `NotUndecided` and `LostRace`.
    """
    check_undecided(transfer)
    moved = state.move(transfer, TransferStatus.NOT_MADE, by=by, reason=DECIDED, needs_decision_at=None)
    schedule(moved, now=timezone.now())
    return moved
