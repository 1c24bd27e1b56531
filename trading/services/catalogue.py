"""The search among all that can be traded."""

from collections.abc import Callable
from typing import Any

from django.db import connection

from brokerapp.web.fixed_queries import FixedQuery
from trading import search
from trading.asset_classes import offered_words
from trading.models import Asset
from trading.models.instruments import AssetQuerySet

INDEXED = 3
"""Letters from which on the index of parts helps; of shorter texts the first ranks are enough, mostly."""

COUNT = (
    f"SELECT count(*) FROM {Asset._meta.db_table} "  # noqa: S608 - the name of our table
    "WHERE status = %s AND asset_class = ANY(%s) AND searched LIKE %s"
)


def _listed() -> AssetQuerySet:
    return Asset.objects.offered().filter(status=Asset.ACTIVE)


SHOWN = (
    *("symbol", "name", "asset_class", "tradable", "fractionable"),
    *("quote__last", "quote__previous_close", "quote__is_halted"),
    *("quote__feed", "quote__synced_at", "quote__looked_at"),
)
"""What lists of assets go by."""
STAND_INS = search.patterns("a stand-in")


def _fixed(find: Callable[..., AssetQuerySet], *stand_ins: str) -> FixedQuery[Asset]:
    """A way of `search` to find the assets that fit patterns, with their quotes."""
    return FixedQuery(lambda *fits: find(_listed(), *fits).select_related("quote").only(*SHOWN), *stand_ins)


find_ranked = _fixed(search.ranked, *STAND_INS)
find_beginning = _fixed(search.beginning_with, *STAND_INS[:2])
find_named = _fixed(search.named, *STAND_INS[1:4])
find_others = _fixed(search.others_with, *STAND_INS[1:])
find_nearest = _fixed(search.nearest, "a stand-in", *search.initials("a stand-in"))


def likeliest(text: str, most: int) -> list[Asset]:
    """The first `most` assets of `Asset.objects.matching(text)`, with their quotes.

    One query; up to three for a text that is too short for the index and that few symbols begin with.
    """
    wanted = search.key(text)
    if not wanted:
        return []
    fits = search.patterns(wanted)
    if len(wanted) >= INDEXED:
        return find_ranked(*fits, most=most)
    found = find_beginning(*fits[:2], most=most)
    for find, given in ((find_named, fits[1:4]), (find_others, fits[1:])):
        if len(found) < most:
            found += find(*given, most=most - len(found))
    return found


def nearest(text: str, most: int) -> list[Asset]:
    """At most `most` assets that a text may mean which finds nothing, with their quotes, by one query."""
    wanted = search.key(text)
    if len(wanted) < search.LEAST_LETTERS:
        return []
    found: list[Any] = find_nearest(wanted, *search.initials(wanted), most=most)
    return [asset for asset in found if asset.near >= search.LEAST_NEAR]


class Found:
    """All that a text finds, for a paginator with pages of `size`; the first page is read by `likeliest`."""

    ordered = True

    def __init__(self, text: str, size: int) -> None:
        self._text, self._size = text, size
        self._first: list[Asset] | None = None

    def count(self) -> int:
        """How many there are."""
        first = self._first_page()
        return len(first) if len(first) < self._size else _count(search.key(self._text))

    def __getitem__(self, part: slice) -> list[Asset]:
        if part.start == 0 and part.stop <= self._size:
            return self._first_page()[part]
        fits = search.patterns(search.key(self._text))
        return find_ranked(*fits, first=part.start, most=part.stop - part.start)

    def _first_page(self) -> list[Asset]:
        if self._first is None:
            self._first = likeliest(self._text, self._size)
        return self._first


def _count(wanted: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(COUNT, [Asset.ACTIVE, offered_words(), search.patterns(wanted)[-1]])
        return int(cursor.fetchone()[0])
