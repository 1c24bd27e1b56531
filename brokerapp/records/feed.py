"""The feed's queries: which activities, and what ties them to each other."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db.models import Q

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity, ActivityCursor, ActivityQuerySet
from brokerapp.activities.words import Entry, Kind, only, title_of
from brokerapp.ui.csv_download import Cell
from brokerapp.web.fixed_queries import FixedQuery, Pages
from trading.asset_classes import ASSET_CLASSES

CSV_HEADER = (
    "Date",
    "Time (UTC)",
    "Entry",
    "Type at the broker",
    "Sub-type",
    "Symbol",
    "Side",
    "Quantity",
    "Price (USD)",
    "Amount (USD)",
    "Status",
    "Corrects",
    "Order at the broker",
    "Reference",
    "Note of the broker",
)


@dataclass(frozen=True)
class Filter:
    """What the feed is narrowed to: days are New York's, both included."""

    kind: Kind | None = None
    symbol: str = ""
    first: date | None = None
    last: date | None = None

    @property
    def is_set(self) -> bool:
        """Whether it leaves anything out."""
        return self != Filter()


def activities_of(account: BrokerageAccount, wanted: Filter) -> ActivityQuerySet:
    """An account's activities that a filter lets through, newest first."""
    found = Activity.objects.filter(account=account)
    if wanted.kind:
        found = found.filter(only(wanted.kind))
    if wanted.symbol:
        found = found.filter(symbol__in=_spellings(wanted.symbol.upper()))
    if wanted.first:
        found = found.filter(date__gte=wanted.first)
    if wanted.last:
        found = found.filter(date__lte=wanted.last)
    return found.newest_first()


def _spellings(symbol: str) -> set[str]:
    """How the broker may spell what a person wrote: class shares by a dot, pairs by a slash or by none."""
    of_classes = {each for kind in ASSET_CLASSES.values() for each in kind.spellings(symbol)}
    return {symbol, symbol.replace("-", "."), symbol.replace(".", "/"), *of_classes}


find_all = FixedQuery(
    lambda account_id: Activity.objects.filter(account=account_id).newest_first(), UUID(int=1)
)
find_tied = FixedQuery(
    lambda account_id, references, names: Activity.objects.filter(
        Q(reference__one_of=references) | Q(~Q(previous_id=""), previous_id__one_of=names),
        account=account_id,
    ).order_by("at", "pk"),
    UUID(int=1),
    ["a stand-in"],
    ["another"],
)
"""Activities of these references, and those that correct one of these names."""
find_cursors: FixedQuery[tuple[str, datetime | None]] = FixedQuery(
    lambda names: ActivityCursor.objects.filter(pk__one_of=names).values_list("name", "read_at"),
    ["a stand-in"],
)


def pages_of(account: BrokerageAccount, wanted: Filter) -> "Pages[Activity] | ActivityQuerySet":
    """An account's activities that a filter lets through, for a paginator."""
    return activities_of(account, wanted) if wanted.is_set else Pages(find_all, account.pk)


def entries_of(account: BrokerageAccount, activities: Sequence[Activity]) -> list[Entry]:
    """The activities with those that they correct, and by which they are corrected. One query."""
    if not activities:
        return []
    names = [each.reference for each in activities]
    # Of none there is an empty list, whose type the database could not tell.
    named = [each.previous_id for each in activities if each.previous_id] or [""]
    tied = find_tied(account.pk, named, names)
    by_reference = {each.reference: each for each in tied}
    correcting = {each.previous_id: each for each in tied if each.previous_id}
    return [
        Entry(each, by_reference.get(each.previous_id), correcting.get(each.reference)) for each in activities
    ]


def read_at(account: BrokerageAccount) -> datetime | None:
    """As of when the feed is complete; None until the account's history has been read to its end once."""
    times = dict(find_cursors([ActivityCursor.ALL, str(account.pk)]))
    history = times.get(str(account.pk))
    return max(history, times.get(ActivityCursor.ALL) or history) if history else None


def csv_rows(activities: ActivityQuerySet) -> Iterator[Sequence[Cell]]:
    """The activities as lines of a table, read some at a time; quantities and amounts with all digits."""
    for each in activities.iterator(chunk_size=1000):
        yield (
            each.date,
            each.at,
            title_of(each),
            each.activity_type,
            each.subtype,
            each.symbol,
            each.side,
            each.qty,
            each.price,
            each.net_amount,
            each.status,
            each.previous_id,
            str(each.broker_order_id or ""),
            each.activity_id,
            each.description,
        )
