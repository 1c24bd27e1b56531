"""Assets, quotes and the market clock, as last synced from the broker."""

import logging
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.clients import get_client, get_market_data
from trading import hours, payloads
from trading.models import Asset, MarketClock, Order, Position, Quote

logger = logging.getLogger(__name__)

SYMBOLS_PER_CALL = 100
SYMBOLS_PER_SWEEP = 1000
WANTED_FOR = timedelta(minutes=5)
"""How long a quote is kept fresh after a person looked at it."""
CLOSED_PAUSE = timedelta(minutes=10)
"""How old a quote may grow while the market is closed and nothing moves."""


def sync_assets(*, now: datetime) -> int:
    """Load every active US equity (`GET /v1/assets`); those no longer listed become inactive.

    Returns how many are active. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    listed = get_client().assets.list(status=Asset.ACTIVE, asset_class="us_equity")
    # One row per symbol: a second one would stop the whole load.
    rows = {reply.symbol: payloads.asset_row(reply, now) for reply in listed}
    if not rows:
        logger.warning("the broker listed no assets; keeping those we have")
        return 0
    columns = [field.name for field in Asset._meta.fields if not (field.primary_key or field.generated)]
    with transaction.atomic():
        # What is not listed under its symbol gives that symbol up first, as another asset may have it now.
        active = Asset.objects.filter(status=Asset.ACTIVE).values_list("pk", "symbol")
        gone = [pk for pk, symbol in active if symbol not in rows or rows[symbol].pk != pk]
        Asset.objects.filter(pk__in=gone).update(status=Asset.INACTIVE, tradable=False, synced_at=now)
        Asset.objects.bulk_create(
            rows.values(), batch_size=1000, update_conflicts=True, unique_fields=["id"], update_fields=columns
        )
    return len(rows)


def sync_clock(*, now: datetime) -> None:
    """Take over `GET /v1/clock`. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`."""
    reply = get_client().clock.get()
    MarketClock.objects.update_or_create(
        pk=1,
        defaults={
            "is_open": reply.is_open,
            "next_open": reply.next_open,
            "next_close": reply.next_close,
            "synced_at": now,
        },
    )


def get_clock(now: datetime) -> MarketClock | None:
    """The market clock, unless it is unknown or synced too long ago to go by."""
    return hours.known(MarketClock.objects.first(), now)


def market_pill(now: datetime) -> hours.MarketPill | None:
    """What the header says of the market (`is_open`, `text`); None if that is not known. One query."""
    clock = get_clock(now)
    return hours.pill(clock) if clock else None


def sync_quotes(*, now: datetime) -> None:
    """Refresh the quotes that somebody needs: held, in an open order, or looked at in the last five minutes.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`; the next run starts with the oldest.
    """
    symbols = _symbols_wanted(now)
    for start in range(0, min(len(symbols), SYMBOLS_PER_SWEEP), SYMBOLS_PER_CALL):
        fetch_quotes(symbols[start : start + SYMBOLS_PER_CALL], now=now)


def _symbols_wanted(now: datetime) -> list[str]:
    """Oldest quote first, those without one before all."""
    held = Position.objects.values_list("symbol", flat=True)
    ordered = Order.objects.open().values_list("symbol", flat=True)
    looked_at = Quote.objects.filter(looked_at__gt=now - WANTED_FOR).values_list("symbol", flat=True)
    wanted = set(held.union(ordered, looked_at))
    synced = dict(Quote.objects.filter(pk__in=wanted).values_list("pk", "synced_at"))
    clock = get_clock(now)
    if clock and not clock.is_open:
        wanted = {symbol for symbol in wanted if symbol not in synced or synced[symbol] < now - CLOSED_PAUSE}
    return sorted(wanted, key=lambda symbol: (symbol in synced, synced.get(symbol), symbol))


def fetch_quotes(
    symbols: Collection[str], *, now: datetime, looked_at: bool = False, quick: bool = False
) -> None:
    """Ask for snapshots of at most 100 symbols and store their prices; `quick` gives up within seconds.

    `looked_at` keeps them fresh for five minutes. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    snapshots = get_market_data(quick=quick).get_snapshots(sorted(symbols))
    found = (payloads.quote_row(symbol, snapshot, now) for symbol, snapshot in snapshots.items())
    rows = [row for row in found if row is not None]
    columns = ["bid", "ask", "last", "previous_close", "as_of", "synced_at"]
    if looked_at:
        columns.append("looked_at")
        for row in rows:
            row.looked_at = now
    if rows:
        Quote.objects.bulk_create(
            rows, update_conflicts=True, unique_fields=["symbol"], update_fields=columns
        )


def get_quotes(symbols: Iterable[str]) -> Mapping[str, Quote]:
    """Stored quotes by symbol."""
    return Quote.objects.in_bulk(set(symbols))


def refresh_quote(*, symbol: str, now: datetime) -> Quote | None:
    """The quote of one symbol, asked for again if it is stale; the last known one if that fails, or None."""
    quote = Quote.objects.filter(pk=symbol).first()
    if quote is not None and not quote.is_stale(now):
        return quote
    try:
        fetch_quotes([symbol], now=now, looked_at=True, quick=True)
    except BrokerError as error:
        logger.info("no fresh quote for %s: %s", symbol, error)
        return quote
    return Quote.objects.filter(pk=symbol).first()
