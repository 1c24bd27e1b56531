"""Assets as pages list them: with the last price, and whether they are watched. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from trading.models import Asset, Quote


@dataclass(frozen=True)
class Listing:
    """An asset in a list."""

    asset: Asset
    quote: Quote | None
    is_watched: bool


@dataclass(frozen=True)
class PriceNote:
    """What is said once of the prices in a list: their feed, and since when they are only the last known."""

    feed_text: str
    last_known_at: datetime | None


def price_note(rows: Iterable[Listing], now: datetime) -> PriceNote | None:
    """What holds for all prices of a list; None if it has none."""
    quotes = [row.quote for row in rows if row.quote is not None]
    if not quotes:
        return None
    oldest = min(quotes, key=lambda quote: quote.synced_at)
    feeds = dict.fromkeys(quote.feed_text for quote in quotes if quote.feed_text)
    return PriceNote(", ".join(feeds), oldest.synced_at if oldest.is_stale(now) else None)


SORTS: dict[str, Callable[[Listing], Decimal | None]] = {
    "price": lambda row: row.quote.last if row.quote else None,
    "change": lambda row: row.quote.change_fraction if row.quote else None,
}
"""How a list can be sorted by a figure: largest first, those without it last."""


def listings(
    assets: Iterable[Asset], quotes: Mapping[UUID, Quote], watched: Collection[UUID]
) -> list[Listing]:
    """The assets in their order."""
    return [Listing(asset, quotes.get(asset.pk), asset.pk in watched) for asset in assets]


def sort_listings(rows: list[Listing], by: str) -> list[Listing]:
    """By symbol or a figure of SORTS; in their order if `by` names neither."""
    if by == "symbol":
        return sorted(rows, key=lambda row: row.asset.symbol)
    figure = SORTS.get(by)
    if figure is None:
        return rows
    with_figure = [(value, row) for row in rows if (value := figure(row)) is not None]
    ranked = [row for _, row in sorted(with_figure, key=lambda pair: pair[0], reverse=True)]
    return ranked + [row for row in rows if figure(row) is None]
