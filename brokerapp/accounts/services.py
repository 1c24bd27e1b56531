"""Brokerage accounts: one door for what Alpaca says of them, by reply, poll or event."""

import logging
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.alpaca.models import Account
from brokerapp.broker.clients import get_client
from brokerapp.workflow import following, jobs, state

logger = logging.getLogger(__name__)


def apply_account_status(
    *, account: BrokerageAccount, reply: Account, asked_at: datetime
) -> BrokerageAccount:
    """Take over the status, number and KYC results of the answer to a question asked at `asked_at`.

    An answer to an older question than the newest applied one is stale and loses. A status word that we do
    not know is kept in `broker_status` and logged, and our own status stays.
    """
    fresh = Q(synced_at__isnull=True) | Q(synced_at__lt=asked_at)
    columns = {
        "synced_at": asked_at,
        "broker_status": reply.status[:40],
        "account_number": reply.account_number[:20],
        "kyc_results": reply.kyc_results.model_dump() if reply.kyc_results else None,
    }
    with transaction.atomic():
        if not BrokerageAccount.objects.filter(fresh, pk=account.pk).update(**columns):
            return account
        account.refresh_from_db()
        if reply.status not in AccountStatus.values:
            logger.warning("account %s has the unknown status %s", account.pk, reply.status)
        elif state.can_move(account, reply.status):
            state.move(account, reply.status, by=state.Process.REPLY, request_id=reply.request_id)
    return account


def sync_account(*, account: BrokerageAccount) -> BrokerageAccount:
    """Ask `GET /v1/accounts/{account_id}` and apply the answer.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`; the next sweep asks again.
    """
    asked_at = timezone.now()
    reply = get_client(about=account).accounts.get(account.broker_account_id)
    was_active = account.is_active
    account = apply_account_status(account=account, reply=reply, asked_at=asked_at)
    if account.is_active and not was_active:
        jobs.enqueue("brokerapp.accounts.tasks.sync_balances", account_id=account.pk)
    return account


def sync_accounts() -> None:
    """Poll every account whose status will still change by itself."""
    for account in following.due(BrokerageAccount, timezone.now()):
        try:
            sync_account(account=account)
        except (BrokerError, state.LostRace) as error:
            logger.info("account %s is not synced: %s", account.pk, error)
        except Exception:
            logger.exception("syncing account %s failed", account.pk)


def want_balances(*, account_id: object) -> None:
    """Have an account's balances read soon, as something changed them; safe in a transaction."""
    jobs.enqueue("brokerapp.accounts.tasks.sync_balances", account_id=account_id)


def sync_balances(*, account: BrokerageAccount) -> BrokerageAccount:
    """Ask the trading account for its balances (USD) and store them with the time of asking.

    An older answer never overwrites a newer one. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    asked_at = timezone.now()
    reply = get_client(about=account).trading_accounts.get(account.broker_account_id)
    fresh = Q(balances_at__isnull=True) | Q(balances_at__lt=asked_at)
    changed = BrokerageAccount.objects.filter(fresh, pk=account.pk).update(
        cash=reply.cash,
        cash_withdrawable=reply.cash_withdrawable or Decimal(0),
        buying_power=reply.buying_power,
        equity=reply.equity,
        last_equity=reply.last_equity or Decimal(0),
        balances_at=asked_at,
    )
    account.refresh_from_db()
    if changed:
        live.publish(account.user_id, "balances", account.pk)
    return account


def on_account_event(event: Mapping[str, Any]) -> None:
    """An account event is a hint: read the account again and apply that.

    Events of accounts that are not ours (another environment on the same keys) are ignored.
    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`, for the caller to try again.
    """
    account = BrokerageAccount.objects.filter(broker_account_id=event["account_id"]).first()
    if account is not None:
        sync_account(account=account)
