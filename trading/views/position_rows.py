"""Positions as rows of a table, and by what they are sorted."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple

from django.core.paginator import Page
from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.flat import Flat
from brokerapp.ui.links import account_url
from brokerapp.ui.paging import page_links, rest_of
from brokerapp.ui.templatetags.ui import delta, money, percent, price, qty, signed_percent
from trading.symbol_addresses import fill_in
from trading.valuation import Holding

PLACES = (
    "url", "symbol", "title", "note", "units", "qty", "price",
    "value", "share", "day", "day_fraction", "gain", "gain_fraction",
)  # fmt: skip
ROWS = {flag: Flat("trading/_position.html", *PLACES, has_share=flag) for flag in (True, False)}
NOT_OFFERED = mark_safe("<small>Not traded here</small>")


class Column(NamedTuple):
    """A column by which positions are sorted: its word in addresses and in `holdings.ORDERS`, its head."""

    word: str
    head: str
    is_figure: bool = True


COLUMNS = (
    Column("name", "Name", is_figure=False),
    Column("shares", "Shares"),
    Column("value", "Value"),
    Column("day", "Day"),
    Column("gain", "Total gain"),
)
BY_WORD = {column.word: column for column in COLUMNS}


class Sort(NamedTuple):
    """How positions are sorted: `-value` in an address is the largest value first."""

    column: Column
    descending: bool

    @classmethod
    def of(cls, word: str) -> "Sort":
        """What an address says; by name if it says nothing that there is."""
        column = BY_WORD.get(word.removeprefix("-"))
        return cls(column, word.startswith("-")) if column else cls(COLUMNS[0], False)

    @property
    def word(self) -> str:
        """As an address says it."""
        return f"{'-' if self.descending else ''}{self.column.word}"

    def heads(self) -> list[dict[str, Any]]:
        """The heads of the table, each with the order that it leads to, and how it is sorted if it is."""
        found = []
        for column in COLUMNS:
            is_current = column == self.column
            # Figures begin with the largest.
            descending = not self.descending if is_current else column.is_figure
            direction = "descending" if self.descending else "ascending"
            found.append(
                {
                    "column": column,
                    "word": Sort(column, descending).word,
                    "sorted": direction if is_current else "",
                }
            )
        return found


ORDERS = [Sort(column, descending) for column in COLUMNS for descending in (False, True)]
TABLES = {
    (sort, has_pages): Flat(
        "trading/_positions.html",
        *("counted", "file_url", "rest", "rows", "pages"),
        heads=sort.heads(),
        has_pages=has_pages,
    )
    for sort in ORDERS
    for has_pages in (True, False)
}
"""What stands around the rows, by how they are sorted and whether there are other pages."""


def table(
    account: BrokerageAccount, page: "Page[Holding]", sort: Sort, total: Decimal, query: QueryDict
) -> SafeString:
    """A page of positions as a table, empty without any; `total` is what all is worth, USD.

    `query` is the address's.
    """
    count = page.paginator.count
    if not count:
        return SafeString()
    pages = page_links(query, page, "#positions")
    shown = f", {page.start_index()} to {page.end_index()} shown" if pages else ""
    return TABLES[sort, bool(pages)](
        counted=f"{count} position{'' if count == 1 else 's'}{shown}",
        file_url=f"{account_url(account, 'trading:positions_file')}?sort={sort.word}",
        # Another order begins with its first page.
        rest=rest_of(query, "sort", "page"),
        rows=table_rows(account, page, total),
        pages=pages,
    )


def share_of(value: Decimal | None, total: Decimal) -> Decimal | None:
    """The part that a value is of all, USD; None where either is not known or nothing."""
    return value / total if value is not None and total > 0 else None


def table_rows(account: BrokerageAccount, holdings: Iterable[Holding], total: Decimal) -> SafeString:
    """The rows of the table of positions; `total` is what all is worth, USD."""
    address = account_url(account, "trading:position", "-")
    return joined(_row(holding, address, total) for holding in holdings)


def joined(rows: Iterable[SafeString]) -> SafeString:
    """Rows one below the other."""
    return mark_safe("".join(rows))  # noqa: S308 - of escaped parts


def _row(holding: Holding, address: str, total: Decimal) -> SafeString:
    position, day, share = holding.position, holding.day, share_of(holding.value, total)
    return ROWS[share is not None](
        # Of one address the others are made: there are as many as positions times accounts.
        url=fill_in(address, position.symbol),
        symbol=position.symbol,
        title=holding.title,
        note="" if holding.is_offered else NOT_OFFERED,
        units=holding.kind.units.capitalize(),
        qty=qty(position.qty),
        price=price(holding.price),
        value=money(holding.value),
        share=percent(share),
        day=delta(day.amount),
        day_fraction=signed_percent(day.fraction),
        gain=delta(holding.gain),
        gain_fraction=signed_percent(holding.gain_fraction),
    )
