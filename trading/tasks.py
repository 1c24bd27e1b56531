"""Doors to the services: ids in, one service call. Every task may run twice."""

from celery import shared_task
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from trading.models import Order
from trading.services import (
    bars,
    corporate_actions,
    fills,
    gains,
    market,
    orders,
    portfolio,
    quotes,
    screens,
    snapshots,
    sweeps,
    watchlist_reading,
    watchlists,
)


@shared_task
def settle_orders(**_: object) -> None:
    """Sweep: orders that wait, orders whose outcome is unknown, and cancels that had no effect."""
    sweeps.settle_orders(now=timezone.now())


@shared_task
def sync_open_orders(**_: object) -> None:
    """Sweep: orders open at the broker, and fills that are missing."""
    sweeps.sync_open_orders(now=timezone.now())


@shared_task
def sync_fills(*, order_id: str, **_: object) -> None:
    """Complete one order's fills."""
    fills.sync_fills(order=_order(order_id))


@shared_task
def sync_order(*, order_id: str, **_: object) -> None:
    """Read one order again, and its fills."""
    orders.read_order_and_fills(order=_order(order_id), now=timezone.now())


@shared_task
def send_cancel(*, order_id: str, **_: object) -> None:
    """Ask the broker to cancel one order, of which somebody wants that."""
    orders.try_cancel(order=_order(order_id))


def _order(order_id: str) -> Order:
    return Order.objects.select_related("account", "asset", "cancel_requested_by").get(pk=order_id)


@shared_task
def sync_portfolio(*, account_id: str, **_: object) -> None:
    """Read one account's positions and balances."""
    portfolio.sync_portfolio(account=BrokerageAccount.objects.get(pk=account_id))


@shared_task
def sync_stale_portfolios(**_: object) -> None:
    """Sweep: accounts whose positions are due."""
    portfolio.sync_stale_portfolios(now=timezone.now())


@shared_task
def follow_activities(**_: object) -> None:
    """Have read again what new activities change."""
    corporate_actions.follow_activities(now=timezone.now())


@shared_task
def sync_gains(*, account_id: str, **_: object) -> None:
    """Work one account's books out anew if an activity came since."""
    gains.keep_up(account=BrokerageAccount.objects.get(pk=account_id))


@shared_task
def work_out_gains(**_: object) -> None:
    """Sweep: books of accounts that have new activities."""
    gains.work_out_due(now=timezone.now())


@shared_task
def take_equity_points(**_: object) -> None:
    """Write down what all accounts are worth."""
    snapshots.take_points(now=timezone.now())


@shared_task
def sync_equity_histories(**_: object) -> None:
    """Sweep: the broker's own history of accounts that are due."""
    snapshots.sync_histories(now=timezone.now())


@shared_task
def prune_equity_points(**_: object) -> None:
    """Forget what accounts were worth within days that are long past."""
    snapshots.prune_points(now=timezone.now())


@shared_task
def sync_announcements(**_: object) -> None:
    """Ask for the corporate actions to come, of what people hold, watch and look at."""
    corporate_actions.sync_announcements(now=timezone.now())


@shared_task
def sync_quotes(**_: object) -> None:
    """Refresh the quotes that somebody needs."""
    quotes.sync_quotes(now=timezone.now())


@shared_task
def sync_shown_quotes(*, asset_ids: str, **_: object) -> None:
    """Read the quotes of assets that a page lists: their ids with commas between."""
    quotes.sync_shown_quotes(asset_ids=asset_ids.split(","), now=timezone.now())


@shared_task
def sync_bars(**_: object) -> None:
    """Refresh the price bars of charts that somebody looks at."""
    bars.sync_bars(now=timezone.now())


@shared_task
def prune_bars(**_: object) -> None:
    """Forget price bars past their time."""
    bars.prune_bars(now=timezone.now())


@shared_task
def sync_clock(**_: object) -> None:
    """Read the market clock."""
    market.sync_clock(now=timezone.now())


@shared_task
def sync_assets(**_: object) -> None:
    """Load the list of assets."""
    market.sync_assets(now=timezone.now())


@shared_task
def sync_calendar(**_: object) -> None:
    """Load the days of trading."""
    market.sync_calendar(now=timezone.now())


@shared_task
def sync_screens(**_: object) -> None:
    """Read the lists of what moves today."""
    screens.sync_screens(now=timezone.now())


@shared_task
def send_watchlist(*, watchlist_id: str, **_: object) -> None:
    """Let the broker have one watchlist as it is now."""
    watchlists.send_watchlist(watchlist_id=watchlist_id, now=timezone.now())


@shared_task
def send_watchlists(**_: object) -> None:
    """Sweep: watchlists that the broker does not have as they are."""
    watchlists.send_watchlists(now=timezone.now())


@shared_task
def sync_watchlists(*, account_id: str, **_: object) -> None:
    """Take over what another system did to an account's watchlists at the broker."""
    account = BrokerageAccount.objects.get(pk=account_id)
    watchlist_reading.read_watchlists(account=account, now=timezone.now())
