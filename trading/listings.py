"""Assets as pages list them: with the last price, and whether they are watched. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from trading.models import Asset, Quote


@dataclass(frozen=True)
class Listing:
    """An asset in a list."""

    asset: Asset
    quote: Quote | None
    is_watched: bool


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
