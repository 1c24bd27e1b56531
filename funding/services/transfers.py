"""Deposits and withdrawals. Broker API, "Transfers" (https://docs.alpaca.markets/docs/funding-via-ach).

The broker has no idempotency key for transfers, and no look-up by a key of ours: posting twice moves money
twice. So a row is posted by the one process that claims it, and never again once a call may have arrived;
what became of a lost call is read from the account's list (`funding.services.settling`).
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerNotDone,
    BrokerOutcomeUnknown,
    BrokerUnreachable,
)
from brokerapp.broker.alpaca.models import Transfer as BrokerTransfer
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs, state
from funding import bank_days, payloads, rules
from funding.models import BankLink, Transfer
from funding.services.snapshots import EventTooEarly, Snapshot, refusal_reason
from funding.statuses import BROKER_TRANSFER_STATUS, FAILED_TRANSFER, Direction, TransferStatus

logger = logging.getLogger(__name__)

RETURN_NOTICE = timedelta(days=14)
"""How long a returned transfer is announced on the transfer page."""
PAGE = 100
MAX_PAGES = 20
BATCH = 200
"""Accounts polled in one sweep; the ones polled longest ago come first."""


def get_transfer_facts(*, account: BrokerageAccount, now: datetime) -> rules.TransferFacts:
    """What the database knows that a new transfer depends on."""
    local = now.astimezone(bank_days.NEW_YORK)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    ours = Transfer.objects.filter(account=account)
    counted = ours.filter(direction=Direction.INCOMING, created_at__gte=midnight).exclude(
        status__in=FAILED_TRANSFER
    )
    seen = Q(created_at__lt=account.balances_at or account.created_at, broker_transfer_id__isnull=False)
    return rules.TransferFacts(
        deposits_today=counted.total(),
        withdrawals_unseen=ours.in_flight().filter(direction=Direction.OUTGOING).exclude(seen).total(),
        unsettled_amounts=frozenset(ours.unsettled().values_list("direction", "amount")),
    )


def request_transfer(
    *,
    account: BrokerageAccount,
    intent_id: UUID,
    direction: str,
    amount: Decimal,
    bank_link_id: str,
    by: User,
    now: datetime,
) -> Transfer:
    """Write down that a person wants money moved (USD, 2 dp); a task then sends it.

    Asked again with the same intent id, returns the first one's row. The account's lock makes simultaneous
    requests see each other, so that limits hold. Raises `AccountNotActive` and
    `rules.TransferRefused`.
    """
    with transaction.atomic(durable=True):
        account = BrokerageAccount.objects.select_for_update().get(pk=account.pk)
        first = Transfer.objects.filter(pk=intent_id, user=by).first()
        if first is not None:
            return first
        bank = BankLink.objects.active().filter(account=account, pk=bank_link_id).first()
        rules.check_transfer(account, bank, direction, amount, get_transfer_facts(account=account, now=now))
        assert bank is not None
        transfer = Transfer.objects.create(
            id=intent_id,
            user=by,
            account=account,
            bank_link=bank,
            direction=direction,
            amount=amount,
            expected_on=bank_days.expected_on(now),
            created_at=now,
            status_at=now,
        )
        jobs.enqueue("funding.tasks.send_transfer", transfer_id=transfer.pk)
    return transfer


def send_transfer(*, transfer: Transfer, now: datetime) -> Transfer:
    """Post a SUBMITTING transfer that no process has claimed, and record the outcome; else change nothing.

    The claim is on disk before the call, so two workers with the same message cannot both post. Where the
    broker certainly did nothing because it was busy or away, the claim is given back for the sweep to retry.
    """
    waiting = Transfer.objects.filter(
        pk=transfer.pk, status=TransferStatus.SUBMITTING, send_claimed_at__isnull=True
    )
    with transaction.atomic(durable=True):
        claimed = waiting.update(send_claimed_at=now)
    transfer.refresh_from_db()
    if not claimed:
        return transfer
    try:
        reply = get_client(about=transfer).transfers.create(
            transfer.account.broker_account_id, payloads.transfer_request(transfer)
        )
    except (BrokerBusy, BrokerUnreachable) as error:
        return _save(
            transfer,
            {
                "send_claimed_at": None,
                "status_reason": error.user_message[:500],
                "last_request_id": error.reference,
            },
        )
    except BrokerNotDone as error:
        return _end_call(transfer, TransferStatus.REJECTED, refusal_reason(error), error.reference)
    except BrokerOutcomeUnknown as error:
        return _end_call(transfer, TransferStatus.UNKNOWN, error.user_message, error.reference)
    return apply_transfer(transfer=transfer, snapshot=Snapshot.of(reply))


def _end_call(transfer: Transfer, to: TransferStatus, reason: str, request_id: str) -> Transfer:
    """Record a call that gave no transfer; unless a sweep or an event has learnt more by now."""
    with transaction.atomic():
        transfer = Transfer.objects.select_for_update().get(pk=transfer.pk)
        if transfer.broker_transfer_id is not None or not state.can_move(transfer, to):
            return transfer
        return state.move(transfer, to, by=state.Process.REPLY, reason=reason, request_id=request_id)


def apply_transfer(*, transfer: Transfer, snapshot: Snapshot) -> Transfer:
    """The one door by which the broker's word on a transfer reaches its row: replies, polls and events alike.

    Snapshots older than what we know change nothing; unknown words are kept in `broker_status` and logged.
    Every change of status has the balances read again: COMPLETE adds cash, RETURNED takes it back.
    """
    with transaction.atomic():
        transfer = Transfer.objects.select_for_update().get(pk=transfer.pk)
        if snapshot.is_older_than(transfer.broker_updated_at):
            return transfer
        to = BROKER_TRANSFER_STATUS.get(snapshot.status)
        columns: dict[str, object] = {
            "broker_transfer_id": snapshot.id,
            "broker_status": snapshot.status[:40],
            "broker_updated_at": snapshot.updated_at or transfer.broker_updated_at,
            "synced_at": timezone.now(),
        }
        if to == transfer.status:
            return _save(transfer, columns)
        if to is None or not state.can_move(transfer, to):
            logger.warning("%s is %s and the broker says %s", transfer, transfer.status, snapshot.status[:40])
            return _save(transfer, columns)
        if to == TransferStatus.COMPLETE:
            columns["completed_at"] = timezone.now()
        jobs.enqueue("brokerapp.accounts.tasks.sync_balances", account_id=transfer.account_id)
        return state.move(
            transfer,
            to,
            by=state.Process.REPLY,
            reason=snapshot.reason,
            request_id=snapshot.request_id,
            **columns,
        )


def sync_transfers(*, now: datetime) -> None:
    """Poll every account with a transfer that is due; one list call each."""
    longest_ago = F("synced_at").asc(nulls_first=True)
    due = Transfer.objects.due(now).order_by(longest_ago).values_list("account_id", flat=True)
    for account_id in list(dict.fromkeys(due[: 10 * BATCH]))[:BATCH]:
        try:
            sync_account_transfers(account=BrokerageAccount.objects.get(pk=account_id), now=now)
        except Exception:  # one account's trouble must not keep the others waiting
            logger.exception("the transfers of account %s could not be polled", account_id)


def sync_account_transfers(*, account: BrokerageAccount, now: datetime) -> None:
    """List the account's transfers and apply those of ours that changed.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown`.
    """
    due = Transfer.objects.due(now).filter(account=account)
    wanted = set(due.values_list("broker_transfer_id", flat=True))
    listed = {reply.id: reply for reply in fetch_transfers(account=account, about=account, until_seen=wanted)}
    for row in Transfer.objects.filter(broker_transfer_id__in=listed):
        assert row.broker_transfer_id is not None
        reply = listed[row.broker_transfer_id]
        if (reply.status, reply.updated_at) != (row.broker_status, row.broker_updated_at):
            apply_transfer(transfer=row, snapshot=Snapshot.of(reply))
    if unlisted := wanted - set(listed):
        logger.warning("account %s: the broker does not list %s of our transfers", account.pk, len(unlisted))
    Transfer.objects.filter(broker_transfer_id__in=wanted).update(synced_at=now)


def fetch_transfers(
    *,
    account: BrokerageAccount,
    about: Transfer | BrokerageAccount,
    until_seen: set[UUID | None] | None = None,
    until_older_than: datetime | None = None,
) -> list[BrokerTransfer]:
    """The account's transfers at the broker, newest first: a page, and more until all wanted ones were seen.

    Raises `BrokerNotDone` and `BrokerOutcomeUnknown`.
    """
    client = get_client(about=about)
    found: dict[UUID, BrokerTransfer] = {}
    for page in range(MAX_PAGES):
        replies = client.transfers.list(account.broker_account_id, limit=PAGE, offset=page * PAGE)
        found.update({reply.id: reply for reply in replies})
        oldest = replies[-1].created_at if replies else None
        if len(replies) < PAGE or (until_seen is not None and until_seen <= set(found)):
            break
        if until_older_than and oldest and oldest < until_older_than:
            break
    return list(found.values())


def on_transfer_event(event: Mapping[str, Any]) -> str:
    """A funding event about a transfer: read the account's transfers at the broker and apply those.

    The event is a hint. Where Alpaca does not list the transfer, the event itself is applied. Returns what
    was done, if not that. Raises `EventTooEarly` while a transfer of the account has no known outcome (the
    event may be about that one), `BrokerNotDone` and `BrokerOutcomeUnknown`, all for the caller to try again.
    """
    found = Transfer.objects.filter(broker_transfer_id=event["entity_id"]).select_related("account").first()
    if found is None:
        if Transfer.objects.unsettled().filter(account__broker_account_id=event["account_id"]).exists():
            raise EventTooEarly("a transfer of this account has no known outcome yet")
        return "not one of our transfers"
    listed = fetch_transfers(account=found.account, about=found, until_seen={found.broker_transfer_id})
    reply = next((reply for reply in listed if reply.id == found.broker_transfer_id), None)
    apply_transfer(transfer=found, snapshot=Snapshot.of(reply) if reply else Snapshot.of_event(event, ""))
    return ""


def _save(transfer: Transfer, columns: dict[str, object]) -> Transfer:
    Transfer.objects.filter(pk=transfer.pk).update(**columns)
    transfer.refresh_from_db()
    return transfer
