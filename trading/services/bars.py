"""Price bars: only what is missing is asked for, once for all who look at them."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import UUID

from django.db import transaction
from django.db.models import F, Max, Min, Q

from brokerapp.broker.alpaca import models as alpaca
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.alpaca.market_data import BarsWanted
from brokerapp.broker.clients import get_market_data
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow.sweeps import store_each
from trading import payloads
from trading.chart_ranges import FRESH_FOR, KEPT_FOR, ChartRange, Timeframe
from trading.models import Asset, Bar, BarSeries
from trading.services.batches import in_batches
from trading.services.halving import ask_in_halves

logger = logging.getLogger(__name__)

SYMBOLS_PER_CALL = 50
SERIES_PER_SWEEP = 500
MOST_PAGES = 20
WANTED_FOR = timedelta(minutes=5)
"""How long a series is kept fresh after a person looked at it."""
CLAIMED_FOR = timedelta(seconds=10)
"""How long others wait for somebody who set out to ask."""
DAYS_GOOD_FOR = timedelta(days=1)
"""How old daily bars may be for what is an average of weeks."""
YEAR = timedelta(days=365)
PRICES = ("open", "high", "low", "close", "volume")

find_daily = FixedQuery(
    lambda pk: BarSeries.objects.filter(asset_id=pk, timeframe=Timeframe.DAY), UUID(int=1)
)


class Point(NamedTuple):
    """One bar as drawn: prices are USD per share."""

    at: datetime
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal


@dataclass(frozen=True)
class Chart:
    """The bars of a range, oldest first, and when they were last asked for; None if never."""

    range: ChartRange
    points: Sequence[Point]
    synced_at: datetime | None

    @property
    def change(self) -> Decimal | None:
        """Newest close less the first open, USD per share; None without bars."""
        return self.points[-1].close - self.points[0].open if self.points else None

    @property
    def change_fraction(self) -> Decimal | None:
        """The change as a fraction of the first open; None without bars, or where that is 0."""
        if self.change is None or not self.points[0].open:
            return None
        return self.change / self.points[0].open


def get_chart(*, asset: Asset, chart_range: ChartRange, now: datetime) -> Chart:
    """The bars of a range as stored; those never asked for are, by one of those who want them.

    They are kept fresh for the next five minutes by `sync_bars`. Two queries, three once a minute.
    """
    series = BarSeries.objects.filter(asset=asset, timeframe=chart_range.timeframe).first()
    if series is None or series.synced_at is None:
        series = _fetch_first(asset, chart_range.timeframe, now)
    elif series.looked_at is None or now - series.looked_at > WANTED_FOR / 5:
        BarSeries.objects.filter(pk=series.pk).update(looked_at=now)
    return Chart(chart_range, _points(series, chart_range), series.synced_at)


def get_year(*, asset: Asset, now: datetime) -> BarSeries:
    """The daily bars' row of an asset, with its extremes of 52 weeks once `sync_bars` has read them."""
    if known := find_daily(asset.pk):
        return known[0]
    series, _ = BarSeries.objects.get_or_create(
        asset=asset, timeframe=Timeframe.DAY, defaults={"looked_at": now}
    )
    return series


def fetch_days(*, asset: Asset, now: datetime) -> None:
    """Ask for the daily bars of an asset that nobody has asked for, within seconds; once for all.

    Where that failed, or the bars are old, the sweep asks: whoever needs the days goes on without them.
    """
    series = get_year(asset=asset, now=now)
    if series.claimed_at is None:
        _fetch_first(asset, Timeframe.DAY, now)
    elif series.synced_at is None or now - series.synced_at > DAYS_GOOD_FOR:
        BarSeries.objects.filter(pk=series.pk).update(looked_at=now)


def _points(series: BarSeries, chart_range: ChartRange) -> list[Point]:
    newest = series.bars.aggregate(at=Max("at"))["at"]
    if newest is None:
        return []
    wanted = series.bars.filter(at__gte=chart_range.starts_on(newest)).order_by("at")
    return [Point(*row) for row in wanted.values_list("at", *PRICES)]


def _fetch_first(asset: Asset, timeframe: Timeframe, now: datetime) -> BarSeries:
    """Ask for a series that nobody wanted before, unless somebody else is at it; failures are for later."""
    series, _ = BarSeries.objects.get_or_create(asset=asset, timeframe=timeframe)
    free = Q(claimed_at__isnull=True) | Q(claimed_at__lt=now - CLAIMED_FOR)
    claimed = BarSeries.objects.filter(free, pk=series.pk).update(claimed_at=now, looked_at=now)
    if claimed:
        try:
            fetch_bars([series], now=now, quick=True)
        except BrokerError as error:
            logger.info("no %s bars of %s yet: %s", timeframe, asset, error)
    series.refresh_from_db()
    return series


def sync_bars(*, now: datetime) -> None:
    """Bring up to date what somebody looked at in the last five minutes, those waiting longest first.

    One process at a time, and for a bounded time. One call's trouble stops no other. Raises `BrokerNotDone`
    or `BrokerOutcomeUnknown`.
    """
    in_batches("trading.bars", _batches(_due(now)), lambda batch: fetch_bars(batch, now=now))


def _due(now: datetime) -> Iterator[BarSeries]:
    wanted = BarSeries.objects.filter(looked_at__gt=now - WANTED_FOR).select_related("asset")
    for series in wanted.order_by(F("claimed_at").asc(nulls_first=True))[:SERIES_PER_SWEEP]:
        if series.synced_at is None or now - series.synced_at >= FRESH_FOR[Timeframe(series.timeframe)]:
            yield series


def _batches(due: Iterator[BarSeries]) -> Iterator[list[BarSeries]]:
    """Series that miss the same bars, as many as fit into a call."""
    groups: defaultdict[tuple[str, str, datetime | None], list[BarSeries]] = defaultdict(list)
    for series in due:
        groups[series.asset.asset_class, series.timeframe, _last_complete(series)].append(series)
    for group in groups.values():
        for start in range(0, len(group), SYMBOLS_PER_CALL):
            yield group[start : start + SYMBOLS_PER_CALL]


def _last_complete(series: BarSeries) -> datetime | None:
    """When the newest bar but one begins: the newest may have been read while it lasted."""
    newest = list(series.bars.order_by("-at").values_list("at", flat=True)[:2])
    return newest[1] if len(newest) > 1 else None


def fetch_bars(batch: Sequence[BarSeries], *, now: datetime, quick: bool = False) -> None:
    """Ask for what at most 50 series of one class and length are missing, and store it.

    A last complete bar that reads otherwise now tells of a split, which changes every price before it: such
    a series is asked for anew as a whole. `quick` gives up within seconds. Raises `BrokerNotDone` or
    `BrokerOutcomeUnknown`.
    """
    first = batch[0]
    known = {series.pk: _last_complete(series) for series in batch}
    kept_from = now - KEPT_FOR[Timeframe(first.timeframe)]
    start = min((at for at in known.values() if at is not None), default=kept_from)
    if any(at is None for at in known.values()):
        start = kept_from
    BarSeries.objects.filter(pk__in=known).update(claimed_at=now)
    found = _ask(batch, start, quick)
    adjusted = [series for series in batch if _was_adjusted(series, known[series.pk], found)]
    if adjusted:
        found |= _ask(adjusted, kept_from, quick)
    for series in batch:
        _store(series, found.get(series.asset.symbol, []), now, anew=series in adjusted)


def _ask(batch: Sequence[BarSeries], start: datetime, quick: bool) -> dict[str, list[alpaca.Bar]]:
    """Bars by symbol from `start` on."""
    return ask_in_halves(batch, lambda part: _ask_all_pages(part, start, quick))


def _ask_all_pages(batch: Sequence[BarSeries], start: datetime, quick: bool) -> dict[str, list[alpaca.Bar]]:
    first = batch[0]
    client, found = get_market_data(quick=quick), defaultdict[str, list[alpaca.Bar]](list)
    symbols, wanted = sorted(series.asset.symbol for series in batch), BarsWanted(first.timeframe, start)
    for _ in range(MOST_PAGES):
        page = first.asset.kind.fetch_bars(client, symbols, wanted)
        for symbol, bars in page.items():
            found[symbol] += bars
        if not page.next_page_token:
            return found
        wanted = replace(wanted, page_token=page.next_page_token)
    logger.warning("%s bars from %s on are more than %s pages", first.timeframe, start, MOST_PAGES)
    return found


def _was_adjusted(
    series: BarSeries, complete_at: datetime | None, found: Mapping[str, Sequence[alpaca.Bar]]
) -> bool:
    if complete_at is None:
        return False
    told = next((bar for bar in found.get(series.asset.symbol, ()) if bar.at == complete_at), None)
    if told is None:
        return False
    return not series.bars.filter(at=complete_at, open=told.open, close=told.close).exists()


def _store(series: BarSeries, bars: Sequence[alpaca.Bar], now: datetime, *, anew: bool) -> None:
    rows = {bar.at: payloads.bar_row(series, bar) for bar in bars}
    with transaction.atomic():
        if anew:
            series.bars.all().delete()
        store_each(
            list(rows.values()),
            lambda part: Bar.objects.bulk_create(
                part,
                batch_size=1000,
                update_conflicts=True,
                unique_fields=["series", "at"],
                update_fields=PRICES,
            ),
        )
        series.bars.filter(at__lt=now - KEPT_FOR[Timeframe(series.timeframe)]).delete()
        extremes = {}
        if series.timeframe == Timeframe.DAY:
            extremes = series.bars.filter(at__gt=now - YEAR).aggregate(high=Max("high"), low=Min("low"))
        BarSeries.objects.filter(pk=series.pk).update(synced_at=now, **extremes)


def prune_bars(*, now: datetime) -> int:
    """Forget intraday bars past their time of series that nobody looks at. Returns how many."""
    gone = 0
    for timeframe, kept in KEPT_FOR.items():
        old = Bar.objects.filter(series__timeframe=timeframe, at__lt=now - kept)
        gone += old.delete()[0]
    return gone
