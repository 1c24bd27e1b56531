"""Positions: read from the broker, valued at our quotes."""

import logging
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_balances
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.clients import get_client
from brokerapp.workflow import jobs
from trading.models import Asset, Portfolio, Position
from trading.services import market
from trading.valuation import Valuation, value_positions

logger = logging.getLogger(__name__)

GOOD_FOR = timedelta(minutes=15)
"""After this positions are read again, as they change outside of orders too (splits, share journals)."""
TRY_AGAIN_AFTER = timedelta(minutes=1)
ACCOUNTS_PER_SWEEP = 20


def get_valuation(account: BrokerageAccount) -> Valuation:
    """Cash and positions at the last synced quotes. Two queries."""
    positions = list(Position.objects.filter(account=account).select_related("asset"))
    return value_positions(
        account.cash, positions, market.get_quotes(position.symbol for position in positions)
    )


def mark_due(*, account_id: UUID, now: datetime) -> None:
    """Have positions and balances read again: at once by a task, and by the sweep if that is lost.

    For use in the transaction that makes them stale.
    """
    Portfolio.objects.update_or_create(account_id=account_id, defaults={"due_at": now})
    jobs.enqueue("trading.tasks.sync_portfolio", account_id=account_id)


def sync_portfolio(*, account: BrokerageAccount) -> None:
    """Read an account's positions and balances. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`."""
    sync_positions(account=account)
    sync_balances(account=account)


def sync_positions(*, account: BrokerageAccount) -> None:
    """Make our positions those of `GET …/positions`; an answer to an older question than the last loses.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    asked_at = timezone.now()
    reply = get_client(about=account).positions.list(account.broker_account_id)
    Portfolio.objects.get_or_create(account=account, defaults={"due_at": asked_at})
    with transaction.atomic():
        portfolio = Portfolio.objects.select_for_update().get(account=account)
        if portfolio.synced_at and portfolio.synced_at >= asked_at:
            return
        _replace_positions(account, reply, asked_at)
        portfolio.synced_at = asked_at
        # A fill that came after we asked keeps the portfolio due.
        if portfolio.due_at <= asked_at:
            portfolio.due_at = asked_at + GOOD_FOR
        portfolio.save(update_fields=["synced_at", "due_at"])
        transaction.on_commit(lambda: live.publish(account.user_id, "portfolio", account.pk))


def _replace_positions(account: BrokerageAccount, reply: list[alpaca.Position], asked_at: datetime) -> None:
    known = set(Asset.objects.filter(pk__in=[row.asset_id for row in reply]).values_list("pk", flat=True))
    rows = [
        Position(
            account=account,
            asset_id=row.asset_id if row.asset_id in known else None,
            symbol=row.symbol,
            qty=row.qty,
            avg_entry_price=row.avg_entry_price,
            cost_basis=row.cost_basis,
            synced_at=asked_at,
        )
        for row in reply
        if row.qty
    ]
    Position.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["account", "symbol"],
        update_fields=["asset", "qty", "avg_entry_price", "cost_basis", "synced_at"],
    )
    Position.objects.filter(account=account).exclude(symbol__in=[row.symbol for row in rows]).delete()


def sync_stale_portfolios(*, now: datetime) -> None:
    """Refresh the accounts whose positions are due, the longest due first, a few at a time."""
    strangers = BrokerageAccount.objects.filter(status=AccountStatus.ACTIVE, portfolio__isnull=True)
    Portfolio.objects.bulk_create(
        [Portfolio(account=account, due_at=now) for account in strangers[:ACCOUNTS_PER_SWEEP]],
        ignore_conflicts=True,
    )
    for portfolio in Portfolio.objects.due(now)[:ACCOUNTS_PER_SWEEP]:
        try:
            sync_portfolio(account=portfolio.account)
        except BrokerError as error:
            logger.info("portfolio %s is not synced: %s", portfolio.pk, error)
            _put_off(portfolio, now)
        except Exception:
            logger.exception("syncing portfolio %s failed", portfolio.pk)
            _put_off(portfolio, now)


def _put_off(portfolio: Portfolio, now: datetime) -> None:
    """Let the others go first, so that one failing account cannot stop the rest."""
    Portfolio.objects.filter(pk=portfolio.pk, due_at__lte=now).update(due_at=now + TRY_AGAIN_AFTER)
