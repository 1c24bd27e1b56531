"""What became of a transfer whose reply was lost: a question never to be answered by posting again.

A SUBMITTING or UNKNOWN row is one of four cases, told apart by our own records and the account's list:

1. Nobody claimed it: the message to the worker was lost. Nothing was posted; post it.
2. The broker lists exactly one transfer that can only be ours (same amount, direction and bank link, created
   after we started, and not the transfer of another row): adopt it. The rules refuse a second transfer of
   the same direction and amount while one is unsettled, so two of our own rows never compete for it.
3. The broker lists none, and no call was ever attempted: every attempt has its `ApiCall` row before it is
   made, and none that may have arrived is there. The claiming process died between claim and call. Once it
   cannot be alive any more (tasks are killed after `CELERY_TASK_TIME_LIMIT`), the claim is given back and
   the transfer is posted.
4. The broker lists none or several, and a call may have arrived: the list may still be behind, or a person at
   the broker must look. It stays UNKNOWN, is looked for at every sweep, and staff may decide.
"""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Q

from brokerapp.accounts.models import User
from brokerapp.broker.alpaca.models import Transfer as BrokerTransfer
from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow import state
from funding.models import Transfer
from funding.services.snapshots import Snapshot
from funding.services.transfers import (
    apply_transfer,
    fetch_transfers,
    send_transfer,
    sync_account_transfers,
)
from funding.statuses import UNSETTLED_TRANSFER, TransferStatus

logger = logging.getLogger(__name__)

CLOCK_SKEW = timedelta(minutes=2)
"""How far the broker's clock may be behind ours."""
SEND_WITHIN = timedelta(hours=24)
"""A transfer that was certainly not posted is not posted later than this: the person has moved on.

Well under the life of `ApiCall` rows, whose absence is part of the proof.
"""
BATCH = 200


class NotUndecided(Exception):
    """Staff can only decide about a transfer whose outcome is unknown."""


def settle_transfers(*, now: datetime) -> None:
    """Settle transfers without a known outcome for `SETTLE_AFTER_SECONDS`; old ones every ten minutes."""
    before = now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS)
    rested = Q(synced_at__isnull=True) | Q(synced_at__lt=now - timedelta(minutes=10))
    young = Q(created_at__gt=now - timedelta(hours=1))
    rows = Transfer.objects.unsettled(before).filter(young | rested).select_related("account", "bank_link")
    for transfer in rows.order_by(F("synced_at").asc(nulls_first=True), "status_at")[:BATCH]:
        try:
            settle_transfer(transfer=transfer, now=now)
        except Exception:  # one transfer's trouble must not keep the others waiting
            logger.exception("%s could not be settled", transfer)


def settle_transfer(*, transfer: Transfer, now: datetime) -> Transfer:
    """Find out which of the four cases it is, and act on it.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown` if the list cannot be read; the next sweep asks again.
    """
    if transfer.send_claimed_at is None:
        return _send_or_give_up(transfer, now)
    if transfer.send_claimed_at > now - timedelta(seconds=settings.SETTLE_AFTER_SECONDS):
        return transfer  # its call may still be under way
    # Read before the list: a call that begins in between is then not taken for one that never was.
    may_have_arrived = _may_have_arrived(transfer)
    matches = _fetch_matches(transfer)
    Transfer.objects.filter(pk=transfer.pk).update(synced_at=now)
    if len(matches) == 1:
        return apply_transfer(transfer=transfer, snapshot=Snapshot.of(matches[0]))
    if not matches and not may_have_arrived:
        return _send_again(transfer, now)
    return _leave_unknown(transfer, len(matches))


def _send_or_give_up(transfer: Transfer, now: datetime) -> Transfer:
    if transfer.created_at < now - SEND_WITHIN:
        reason = "The broker could not be reached in time. It was not sent and no money moved."
        return state.move(transfer, TransferStatus.REJECTED, by=state.Process.REPLY, reason=reason)
    return send_transfer(transfer=transfer, now=now)


def _may_have_arrived(transfer: Transfer) -> bool:
    """Whether any attempt to post it is not known to have failed before it reached the broker.

    UNKNOWN is only entered after such an attempt, whether or not the log still has its row.
    """
    posts = ApiCall.objects.about(transfer).filter(method="POST").exclude(outcome=ApiCall.Outcome.NOT_DONE)
    return transfer.status == TransferStatus.UNKNOWN or posts.exists()


def _fetch_matches(transfer: Transfer) -> list[BrokerTransfer]:
    """The broker's transfers that can be this row's and are nobody else's."""
    assert transfer.send_claimed_at is not None
    since = transfer.send_claimed_at - CLOCK_SKEW
    listed = fetch_transfers(account=transfer.account, about=transfer, until_older_than=since)
    fitting = [reply for reply in listed if _fits(reply, transfer, since)]
    taken = set(
        Transfer.objects.filter(broker_transfer_id__in=[reply.id for reply in fitting])
        .exclude(pk=transfer.pk)
        .values_list("broker_transfer_id", flat=True)
    )
    return [reply for reply in fitting if reply.id not in taken]


def _fits(reply: BrokerTransfer, transfer: Transfer, since: datetime) -> bool:
    asked = reply.amount if reply.requested_amount is None else reply.requested_amount
    return (
        asked == transfer.amount
        and reply.direction == transfer.direction
        and reply.relationship_id == transfer.bank_link.relationship_id
        and reply.created_at is not None
        and reply.created_at >= since
    )


def _send_again(transfer: Transfer, now: datetime) -> Transfer:
    """Case 3. The update compares the claim, so that of two sweeps only one gives it back."""
    assert transfer.send_claimed_at is not None
    if transfer.send_claimed_at > now - timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT):
        return transfer
    Transfer.objects.filter(pk=transfer.pk, send_claimed_at=transfer.send_claimed_at).update(
        send_claimed_at=None
    )
    return _send_or_give_up(transfer, now)


def _leave_unknown(transfer: Transfer, matches: int) -> Transfer:
    if transfer.status == TransferStatus.UNKNOWN:
        logger.warning("%s is still unknown; the broker lists %s that fit", transfer, matches)
        return transfer
    reason = "We are checking with the broker whether this went through. Please do not send it again."
    return state.move(transfer, TransferStatus.UNKNOWN, by=state.Process.REPLY, reason=reason)


def ask_broker(*, transfer: Transfer, by: User, now: datetime) -> Transfer:
    """Staff do at once what the sweeps would do: settle the transfer or poll it, and nothing more.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown` if the broker cannot be asked.
    """
    logger.info("%s asks the broker about %s", by, transfer)
    if transfer.status in UNSETTLED_TRANSFER:
        return settle_transfer(transfer=transfer, now=now)
    sync_account_transfers(account=transfer.account, now=now)
    transfer.refresh_from_db()
    return transfer


def record_not_done(*, transfer: Transfer, by: User) -> Transfer:
    """Staff decide, having asked the broker, that an UNKNOWN one was never made. Raises `NotUndecided`."""
    if transfer.status != TransferStatus.UNKNOWN:
        raise NotUndecided(f"{transfer} is {transfer.status}.")
    reason = f"The broker has no such transfer; no money moved. Decided by {by}."
    return state.move(transfer, TransferStatus.REJECTED, by=by, reason=reason)
