"""Assets and the market clock, as last synced from the broker."""

import logging
from datetime import date, datetime, timedelta

from django.db import transaction

from brokerapp.broker.clients import get_client
from brokerapp.units.market_time import day_in_new_york
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.web.moments import for_a_moment
from brokerapp.workflow.sweeps import store_each
from trading import asset_classes, hours, payloads
from trading.asset_classes import AssetClass
from trading.models import Asset, MarketClock, MarketDay
from trading.services.batches import alone

logger = logging.getLogger(__name__)

find_clock = FixedQuery(lambda: MarketClock.objects.filter(pk=1))
CALENDAR_BACK, CALENDAR_AHEAD = timedelta(days=40), timedelta(days=370)
"""How far the days of trading are known: as far back as charts show the hours of a day."""


def sync_assets(*, now: datetime) -> int:
    """Load every active asset of the classes on offer, unless another process does; how many are active.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    with alone("trading.assets") as held:
        if held is None:
            return 0
        return sum(
            sync_asset_class(asset_class=asset_class, now=now) for asset_class in asset_classes.OFFERED
        )


def sync_asset_class(*, asset_class: AssetClass, now: datetime) -> int:
    """Load every active asset of one class (`GET /v1/assets`); its others become inactive.

    Assets of other classes are not touched. Where a member of the list could not be read, nothing becomes
    inactive, as that member may be the missing one. Returns how many are active. Raises `BrokerNotDone` or
    `BrokerOutcomeUnknown`.
    """
    listed = get_client().assets.list(status=Asset.ACTIVE, asset_class=asset_class.word)
    found = (payloads.asset_row(reply, now) for reply in listed if reply.asset_class == asset_class.word)
    # One row per symbol: a second one would stop the whole load.
    rows = {row.symbol: row for row in found}
    if not rows:
        logger.warning("the broker listed no assets of class %s; keeping those we have", asset_class.word)
        return 0
    columns = [field.name for field in Asset._meta.fields if not (field.primary_key or field.generated)]
    with transaction.atomic():
        # What is not listed under its symbol gives that symbol up first, as another asset may have it now.
        active = Asset.objects.of(asset_class).filter(status=Asset.ACTIVE).values_list("pk", "symbol")
        gone = [
            pk
            for pk, symbol in active
            if (symbol in rows and rows[symbol].pk != pk) or (symbol not in rows and not listed.unreadable)
        ]
        Asset.objects.filter(pk__in=gone).update(status=Asset.INACTIVE, tradable=False, synced_at=now)
        stored = store_each(
            list(rows.values()),
            lambda part: Asset.objects.bulk_create(
                part, batch_size=1000, update_conflicts=True, unique_fields=["id"], update_fields=columns
            ),
        )
    return len(stored)


def sync_clock(*, now: datetime) -> None:
    """Take over `GET /v1/clock`, unless another process does.

    Raises `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    with alone("trading.clock") as held:
        if held is None:
            return
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


def sync_calendar(*, now: datetime) -> int:
    """Take over the days of trading around now (`GET /v1/calendar`), unless another process does; how many.

    Where a member of the list could not be read no day is taken away: it may be that one. Raises
    `BrokerNotDone` or `BrokerOutcomeUnknown`.
    """
    today = day_in_new_york(now)
    first, last = today - CALENDAR_BACK, today + CALENDAR_AHEAD
    with alone("trading.calendar") as held:
        if held is None:
            return 0
        listed = get_client().clock.days(first, last)
    days = {told.day: payloads.market_day_row(told) for told in listed}
    with transaction.atomic():
        if days and not listed.unreadable:
            MarketDay.objects.filter(day__range=(first, last)).exclude(day__in=days).delete()
        MarketDay.objects.bulk_create(
            days.values(),
            update_conflicts=True,
            unique_fields=["day"],
            update_fields=["opens_at", "closes_at"],
        )
    return len(days)


def get_days(first: date, last: date) -> dict[date, tuple[datetime, datetime]]:
    """When the market opens and closes on its days from `first` to `last`, by date in New York. One query."""
    rows = MarketDay.objects.filter(day__range=(first, last)).values_list("day", "opens_at", "closes_at")
    return {day: (opens, closes) for day, opens, closes in rows}


def get_clock(now: datetime) -> MarketClock | None:
    """The market clock as it stands, unless it is unknown or synced too long ago to go by."""
    return hours.known(next(iter(find_clock()), None), now)


@for_a_moment
def get_shown_clock(now: datetime) -> MarketClock | None:
    """`get_clock` for what a page only shows: asked of the database every other second at most."""
    return get_clock(now)


def market_pill(now: datetime) -> hours.MarketPill | None:
    """What the header says of the market (`is_open`, `text`); None if that is not known."""
    clock = get_shown_clock(now)
    return hours.pill(clock, now) if clock else None
