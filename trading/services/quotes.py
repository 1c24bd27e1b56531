"""Quotes: kept fresh for those who need them; what cannot be had keeps nothing else waiting."""

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.alpaca.market_data import MarketDataClient
from brokerapp.broker.alpaca.models import Snapshot
from brokerapp.broker.clients import get_market_data
from brokerapp.web import allowance
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow import jobs
from brokerapp.workflow.sweeps import store_each
from trading import payloads
from trading.asset_classes import ASSET_CLASSES
from trading.models import Asset, MarketClock, Order, Position, Quote, QuotePause
from trading.models.instruments import QUOTE_FRESH_FOR
from trading.services import market
from trading.services.batches import in_batches
from trading.services.halving import ABOUT_THE_SYMBOLS, UNREADABLE, ask_in_halves

logger = logging.getLogger(__name__)

SYMBOLS_PER_CALL = 100
SYMBOLS_PER_SWEEP = 1000
WANTED_FOR = timedelta(minutes=5)
"""How long a quote is kept fresh after a person looked at it."""
CLOSED_PAUSE = timedelta(minutes=10)
"""How old a quote may grow while its market is closed and nothing moves."""
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
"""Pauses between questions after an asset that gets no answer."""
RESTS_FOR = timedelta(seconds=4)
"""How young a quote may be that the sweep leaves alone: what open pages show is asked for by `pulse`."""
PRICES = [field.name for field in Quote._meta.fields if field.name not in ("asset", "looked_at")]
find_quote = FixedQuery(lambda pk: Quote.objects.filter(pk=pk), UUID(int=1))
"""The quote of an asset by its id, in a list."""
LOOKED_AT_EVERY = WANTED_FOR / 5
"""How often it is written down that somebody looks."""
ASKED_EVERY_SECONDS = 5.0
"""How often one process has a task ask for the price of an asset that its pages show."""
MOST_ASKED = 10_000


def sync_quotes(*, now: datetime) -> None:
    """Refresh the quotes that somebody needs: held, in an open order, or looked at in the last five minutes.

    One process at a time, and for a bounded time: the next run starts with the oldest quotes. One batch's
    trouble stops no other. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    in_batches("trading.quotes", _batches_wanted(now), lambda batch: fetch_quotes(batch, now=now))


def _batches_wanted(now: datetime) -> Iterator[list[Asset]]:
    yield from batches(_assets_wanted(now)[:SYMBOLS_PER_SWEEP])


def batches(assets: Sequence[Asset]) -> Iterator[list[Asset]]:
    """Assets of one class at a time, in their order, as many as fit into a call."""
    for word in ASSET_CLASSES:
        of_class = [asset for asset in assets if asset.asset_class == word]
        for start in range(0, len(of_class), SYMBOLS_PER_CALL):
            yield of_class[start : start + SYMBOLS_PER_CALL]


def _assets_wanted(now: datetime) -> list[Asset]:
    """Oldest quote first, those without one before all; none that was asked for a moment ago."""
    held = Position.objects.values("asset_id")
    ordered = Order.objects.open().values("asset_id")
    looked_at = Quote.objects.filter(looked_at__gt=now - WANTED_FOR).values("asset_id")
    wanted = (
        Asset.objects.filter(Q(pk__in=held) | Q(pk__in=ordered) | Q(pk__in=looked_at))
        .exclude(quote_pause__due_at__gt=now)
        .annotate(quoted_at=F("quote__synced_at"))
        .order_by(F("quoted_at").asc(nulls_first=True), "symbol")
    )
    clock = market.get_clock(now)
    return [
        asset for asset in wanted if is_due(asset, asset.quoted_at, now=now, clock=clock, rests_for=RESTS_FOR)
    ]


def is_due(
    asset: Asset,
    quoted_at: datetime | None,
    *,
    now: datetime,
    clock: MarketClock | None,
    rests_for: timedelta,
) -> bool:
    """Whether to ask for a quote again: a closed market is asked once in ten minutes."""
    if quoted_at is None:
        return True
    return quoted_at <= now - (CLOSED_PAUSE if asset.kind.is_closed(clock) else rests_for)


def fetch_quotes(
    assets: Collection[Asset], *, now: datetime, looked_at: bool = False, quick: bool = False
) -> None:
    """Ask for the prices of at most 100 assets of one class and store them; `quick` gives up within seconds.

    Prices older than those we have do not replace them. Assets of which the API has no price, or for which it
    refuses the question, are asked for again after growing pauses. `looked_at` keeps quotes fresh for five
    minutes. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    rows = ask_quotes(assets, now=now, client=get_market_data(quick=quick))
    store_quotes(rows, now=now, looked_at=looked_at)


def ask_quotes(assets: Collection[Asset], *, now: datetime, client: MarketDataClient) -> dict[UUID, Quote]:
    """The quotes of at most 100 assets of one class as told now, by asset id, not saved.

    The others are asked for again after growing pauses. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    if not assets:
        return {}
    found: Mapping[str, Snapshot] = ask_in_halves(
        sorted(assets, key=lambda asset: asset.symbol),
        lambda batch: batch[0].kind.fetch_snapshots(client, [asset.symbol for asset in batch]),
        about=(*ABOUT_THE_SYMBOLS, UNREADABLE),
    )
    feed = next(iter(assets)).kind.feed or settings.MARKET_DATA_FEED
    priced = (
        (asset, payloads.quote_row(asset, found[asset.symbol], now, feed))
        for asset in assets
        if asset.symbol in found
    )
    rows = {asset.pk: row for asset, row in priced if row is not None}
    _pause([asset for asset in assets if asset.pk not in rows], now)
    return rows


def store_quotes(rows: Mapping[UUID, Quote], *, now: datetime, looked_at: bool = False) -> None:
    """Keep quotes by asset id; prices older than those we have do not replace them.

    One that cannot be stored is asked for again after growing pauses.
    """
    if not rows:
        return
    with transaction.atomic():
        known = Quote.objects.select_for_update(no_key=True).in_bulk(rows)
        newer = [row for pk, row in rows.items() if pk not in known or row.as_of >= known[pk].as_of]
        stored = store_each(
            newer,
            lambda part: Quote.objects.bulk_create(
                part, update_conflicts=True, unique_fields=["asset"], update_fields=PRICES
            ),
        )
        odd = {row.pk for row in newer} - {row.pk for row in stored}
        kept = [pk for pk in rows if pk not in odd]
        times = {"synced_at": now, **({"looked_at": now} if looked_at else {})}
        Quote.objects.filter(pk__in=kept).update(**times)
        QuotePause.objects.filter(pk__in=kept).delete()
        _pause([rows[pk].asset for pk in odd], now)


def _pause(assets: Iterable[Asset], now: datetime) -> None:
    for asset in assets:
        pause, is_new = QuotePause.objects.get_or_create(asset=asset, defaults={"due_at": now + FIRST_PAUSE})
        if not is_new:
            pause.due_at = now + min(FIRST_PAUSE * 2 ** min(pause.failures, 10), LONGEST_PAUSE)
            pause.failures += 1
            pause.save()


def get_quotes(asset_ids: Iterable[UUID]) -> Mapping[UUID, Quote]:
    """Stored quotes by asset id."""
    return Quote.objects.in_bulk(set(asset_ids))


def of(assets: Iterable[Asset]) -> dict[UUID, Quote]:
    """The quotes that assets were read with (`select_related`), by asset id."""
    return {asset.pk: asset.quote for asset in assets if hasattr(asset, "quote")}


def get_shown_quotes(
    assets: Collection[Asset], *, now: datetime, by: int, known: Mapping[UUID, Quote] | None = None
) -> Mapping[UUID, Quote]:
    """Stored quotes by asset id of assets that a page lists; from now on kept fresh for five minutes.

    No page waits for the broker: what is missing or old, a task asks for at once, and open pages are told.
    `by` is the person's id; `known` the stored quotes, if they have been read.
    """
    if known is None:
        known = get_quotes(asset.pk for asset in assets)
    old = [pk for pk, quote in known.items() if not quote.was_looked_at(now - LOOKED_AT_EVERY)]
    if old:
        Quote.objects.filter(pk__in=old).update(looked_at=now)
    ask_soon([asset for asset in assets if asset.pk not in known], now=now, by=by)
    return known


def get_shown_quote(asset: Asset, *, now: datetime, by: int) -> Quote | None:
    """The stored quote of the asset that a page is about, as `get_shown_quotes`; asked for if it is stale.

    No query where the asset was read with its quote.
    """
    quote: Quote | None = getattr(asset, "quote", None)
    get_shown_quotes([asset], now=now, by=by, known={asset.pk: quote} if quote else {})
    if quote is not None and quote.is_stale(now):
        clock = market.get_shown_clock(now)
        if is_due(asset, quote.synced_at, now=now, clock=clock, rests_for=QUOTE_FRESH_FOR):
            ask_soon([asset], now=now, by=by)
    return quote


_asked: dict[UUID, float] = {}
"""When this process last had a task ask for an asset's price, by `time.monotonic`."""


def ask_soon(assets: Collection[Asset], *, now: datetime, by: int) -> None:
    """Have a task ask for these prices; not for those without an answer lately, or asked for just now.

    One person may have it ask as often a minute as they may open pages that ask the broker themselves.
    """
    at = time.monotonic()
    wanted = [asset for asset in assets if at - _asked.get(asset.pk, -1e9) >= ASKED_EVERY_SECONDS]
    if not wanted:
        return
    if len(_asked) > MOST_ASKED:
        _asked.clear()
    _asked.update(dict.fromkeys((asset.pk for asset in wanted), at))
    paused = set(QuotePause.objects.filter(asset__in=wanted, due_at__gt=now).values_list("pk", flat=True))
    ids = [str(asset.pk) for asset in wanted if asset.pk not in paused]
    if ids and not allowance.take(by):
        jobs.enqueue("trading.tasks.sync_shown_quotes", asset_ids=",".join(ids))


def sync_shown_quotes(*, asset_ids: Collection[str], now: datetime) -> None:
    """Ask for the quotes of assets that a page lists. Raises `BrokerNotDone` or `BrokerOutcomeUnknown`."""
    for batch in batches(list(Asset.objects.filter(pk__in=asset_ids))):
        fetch_quotes(batch, now=now, looked_at=True)


def refresh_quote(*, asset: Asset, now: datetime) -> Quote | None:
    """The quote of one asset, asked for again if it is stale; the last known one if that fails, or None."""
    quote = next(iter(find_quote(asset.pk)), None)
    if quote is not None and not quote.is_stale(now):
        return quote
    try:
        fetch_quotes([asset], now=now, looked_at=True, quick=True)
    except BrokerError as error:
        logger.info("no fresh quote for %s: %s", asset, error)
        return quote
    return Quote.objects.filter(pk=asset.pk).first()
