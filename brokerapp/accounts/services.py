"""Brokerage accounts: what Alpaca says of them, by reply, poll or event, and when it is asked again."""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.alpaca.models import Account
from brokerapp.broker.clients import get_client
from brokerapp.broker.streams.models import EventStream, is_live
from brokerapp.workflow import following, jobs, state, sweeps
from brokerapp.workflow.state import Process

logger = logging.getLogger(__name__)

BLOCKS = ("account_blocked", "trading_blocked", "transfers_blocked", "trade_suspended_by_user")


def apply_account_status(
    *, account: BrokerageAccount, reply: Account, asked_at: datetime, by: Process
) -> BrokerageAccount:
    """Take over the status, number and KYC results of the answer to a question asked at `asked_at`.

    An account has no time of its last change at the broker, so answers are ordered by when we asked: an
    older one than the newest applied is stale and loses. Returns the row re-read.
    """
    with transaction.atomic():
        locked = BrokerageAccount.objects.select_for_update(of=("self",), no_key=True).get(pk=account.pk)
        said_before = (locked.broker_status, locked.status)
        if not following.is_stale(locked, asked_at):
            locked = following.apply(
                locked,
                reply.status,
                at=asked_at,
                by=by,
                request_id=reply.request_id,
                account_number=(reply.account_number or locked.account_number)[:20],
                account_type=(reply.account_type or locked.account_type)[:20],
                account_sub_type=(reply.account_sub_type or locked.account_sub_type)[:20],
                kyc_results=reply.kyc_results.model_dump() if reply.kyc_results else None,
            )
        if locked.broker_status != said_before[0] and locked.status == said_before[1]:
            # A word that we do not know, or the known one again: what the account may do has changed.
            transaction.on_commit(partial(_publish, locked))
    account.refresh_from_db()
    return account


def _publish(account: BrokerageAccount) -> None:
    live.publish(account.user_id, "brokerageaccount", account.pk, account.status)


def sync_account(*, account: BrokerageAccount, by: Process = Process.POLL) -> BrokerageAccount:
    """Ask `GET /v1/accounts/{account_id}` and apply the answer.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`; the account is then due again within seconds.
    """
    try:
        return _read_account(account, by)
    except BrokerError:
        following.schedule_retry(account, now=timezone.now())
        raise


def _read_account(account: BrokerageAccount, by: Process) -> BrokerageAccount:
    asked_at = timezone.now()
    reply = get_client(about=account).accounts.get(account.broker_account_id)
    was_open = account.is_open
    account = apply_account_status(account=account, reply=reply, asked_at=asked_at, by=by)
    now = timezone.now()
    tells = is_live(EventStream.ACCOUNTS, now)
    following.schedule(account, now=now, is_live=tells, asked_at=asked_at)
    if account.is_open and not was_open:
        want_balances(account_id=account.pk)
    return account


def sync_accounts(*, now: datetime) -> None:
    """Read every account that is due."""
    sweeps.sweep(
        "accounts",
        following.due(BrokerageAccount, now),
        partial(_read_account, by=Process.POLL),
        failed=partial(following.schedule_retry, now=now),
    )


def want_balances(*, account_id: UUID) -> None:
    """Have an account's balances read soon, as something changed them; safe in a transaction.

    The mark is on disk with the change: if the message is lost or the read fails, the sweep reads them.
    """
    BrokerageAccount.objects.filter(pk=account_id).update(
        balances_due_at=timezone.now(), failed_balance_reads=0
    )
    jobs.enqueue("brokerapp.accounts.tasks.sync_balances", account_id=account_id)


def sync_balances(*, account: BrokerageAccount) -> BrokerageAccount:
    """Ask the trading account for its balances (USD) and blocks; store them with the time of asking.

    An older answer never overwrites a newer one. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`; the
    balances are then due again within seconds.
    """
    try:
        return _read_balances(account)
    except BrokerError:
        _retry_balances(account, timezone.now())
        raise


def _read_balances(account: BrokerageAccount) -> BrokerageAccount:
    asked_at = timezone.now()
    reply = get_client(about=account).trading_accounts.get(account.broker_account_id)
    fresh = Q(balances_at__isnull=True) | Q(balances_at__lt=asked_at)
    # What was marked due after we asked is not answered by this.
    still_due = Case(When(balances_due_at__gt=asked_at, then=F("balances_due_at")), default=Value(None))
    changed = BrokerageAccount.objects.filter(fresh, pk=account.pk).update(
        cash=reply.cash,
        cash_withdrawable=reply.cash_withdrawable or Decimal(0),
        buying_power=reply.buying_power,
        equity=reply.equity,
        multiplier=reply.multiplier or Decimal(1),
        last_equity=reply.last_equity or Decimal(0),
        pending_transfer_in=reply.pending_transfer_in or Decimal(0),
        pending_transfer_out=reply.pending_transfer_out or Decimal(0),
        memoposts=reply.memoposts or Decimal(0),
        balances_at=asked_at,
        balances_due_at=still_due,
        failed_balance_reads=0,
        **{name: getattr(reply, name) for name in BLOCKS},
    )
    account.refresh_from_db()
    if changed:
        live.publish(account.user_id, "balances", account.pk)
    return account


def _retry_balances(account: BrokerageAccount, now: datetime) -> None:
    pause: timedelta = following.FIRST_RETRY * 2 ** min(account.failed_balance_reads, 10)
    BrokerageAccount.objects.filter(pk=account.pk).update(
        balances_due_at=now + min(pause, following.LONGEST_RETRY),
        failed_balance_reads=state.one_more("failed_balance_reads"),
    )


def sync_due_balances(*, now: datetime) -> None:
    """Read the balances that changed or could not be read."""
    sweeps.sweep(
        "balances",
        BrokerageAccount.objects.balances_due(now),
        _read_balances,
        failed=partial(_retry_balances, now=now),
    )


def read_again(*, account: BrokerageAccount) -> None:
    """Have status, balances and blocks read as soon as a worker is free."""
    BrokerageAccount.objects.filter(pk=account.pk).update(due_at=timezone.now())
    jobs.enqueue("brokerapp.accounts.tasks.sync_account", account_id=account.pk)
    want_balances(account_id=account.pk)


def on_account_event(event: Mapping[str, Any]) -> None:
    """An account event is a hint: read the account again, and its blocks, which come with the balances.

    Events of accounts that are not ours (another environment on the same keys) are ignored.
    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`, for the caller to try again.
    """
    account = BrokerageAccount.objects.filter(broker_account_id=event["account_id"]).first()
    if account is not None:
        want_balances(account_id=account.pk)
        sync_account(account=account, by=Process.EVENT)
