"""Books of accounts: worked out anew from all activities when there is a new one, and kept as rows."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, Max, OuterRef, Q, QuerySet, Subquery, Sum
from django.utils import timezone

from brokerapp import live
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import CANCELED, Activity, Unbooked
from brokerapp.units.money import quantize_cash
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow import following, jobs, state, sweeps
from trading import lots
from trading.lots import Books, Closing, Entry, Group
from trading.models import ClosedLot, CorporateAction, ExternalFlow, GainBook, HeldLot

logger = logging.getLogger(__name__)


def _books(account_id: UUID) -> QuerySet[GainBook]:
    newest = Activity.objects.filter(account=OuterRef("pk")).newest_first().values("pk")[:1]
    return GainBook.objects.filter(account=account_id).annotate(newest_told=Subquery(newest))


find_book = FixedQuery(_books, UUID(int=1))
"""An account's books, with the row of the newest of its activities, whether or not it is in them."""
LONGEST_RETRY = timedelta(hours=6)
"""The longest pause before books that cannot be worked out are tried again."""
SPIN_OFF = "SPIN"


def entry_of(activity: Activity, parents: Mapping[str, str] = MappingProxyType({})) -> Entry:
    """An activity as the books take it. An execution says its side, all others sign their quantity.

    `parents`: whose shares those of spin-offs come of, by symbol.
    """
    qty = activity.qty or Decimal(0)
    if activity.is_fill and not activity.side.startswith("buy"):
        qty = -qty
    return Entry(
        reference=activity.reference,
        kind=activity.activity_type,
        at=activity.at,
        day=activity.date,
        cash=quantize_cash(activity.cash),
        symbol=activity.symbol,
        qty=qty,
        price=activity.price,
        order=str(activity.broker_order_id or ""),
        previous=activity.previous_id,
        takes_back=activity.takes_back,
        group=str(activity.group_id or ""),
        came_of=parents.get(activity.symbol, "") if activity.activity_type == SPIN_OFF else "",
    )


def _parents(activities: Sequence[Activity]) -> dict[str, str]:
    """Whose shares those of spin-offs come of, by symbol, as far as it was announced. A query, for those."""
    symbols = {row.symbol for row in activities if row.activity_type == SPIN_OFF and row.symbol}
    if not symbols:
        return {}
    told = CorporateAction.objects.filter(kind=CorporateAction.Kind.SPIN_OFF, new_symbol__in=symbols)
    return dict(told.values_list("new_symbol", "asset__symbol"))


def get_book(account: BrokerageAccount) -> GainBook | None:
    """The books as worked out last; None before the first time."""
    return next(iter(find_book(account.pk)), None)


def keep_up(*, account: BrokerageAccount) -> None:
    """Work the books out anew if an activity came or changed since."""
    told = Activity.objects.filter(account=account).aggregate(count=Count("pk"), revised_at=Max("revised_at"))
    book = get_book(account)
    if book is None or (book.activities, book.revised_at) != (told["count"], told["revised_at"]):
        work_out(account=account)


def refresh_if_behind(*, account: BrokerageAccount, book: GainBook | None) -> None:
    """Have books that somebody looks at (of `get_book`) worked out anew if a newer activity is there."""
    if book is None or (book.newest_told or 0) > (book.newest_activity or 0):  # type: ignore[attr-defined]
        jobs.enqueue("trading.tasks.sync_gains", account_id=account.pk)


def work_out(*, account: BrokerageAccount) -> GainBook:
    """Work an account's books out from all of its activities, and store what differs."""
    GainBook.objects.get_or_create(account=account)
    with transaction.atomic():
        book = GainBook.objects.select_for_update(no_key=True).get(account=account)
        rows = list(Activity.objects.filter(account=account).order_by("at", "pk"))
        parents = _parents(rows)
        books = lots.work_out(entry_of(row, parents) for row in rows if row.status != CANCELED)
        book.activities = len(rows)
        book.newest_activity = max((row.pk for row in rows), default=None)
        book.revised_at = max((row.revised_at for row in rows if row.revised_at), default=None)
        _store_totals(book, books)
        _store_lots(account, books)
        transaction.on_commit(lambda: live.publish(account.user_id, "portfolio", account.pk))
    return book


def _store_totals(book: GainBook, books: Books) -> None:
    book.worked_out_at = timezone.now()
    book.cash, book.realized = books.cash, books.realized
    book.dividends, book.interest = books.totals[Group.DIVIDEND], books.totals[Group.INTEREST]
    book.fees, book.other = books.totals[Group.FEE], books.totals[Group.OTHER]
    book.paid_in = sum((flow.amount for flow in books.flows if flow.amount > 0), Decimal(0))
    book.paid_out = book.paid_in - books.net_flows
    book.save()


def _store_lots(account: BrokerageAccount, books: Books) -> None:
    HeldLot.objects.filter(account=account).delete()
    HeldLot.objects.bulk_create(
        HeldLot(
            account=account,
            symbol=lot.symbol,
            opened_on=lot.opened_on,
            qty=lot.qty,
            cost=lot.cost,
            is_cost_known=lot.is_cost_known,
        )
        for lot in books.held
    )
    ExternalFlow.objects.filter(account=account).delete()
    ExternalFlow.objects.bulk_create(
        ExternalFlow(account=account, day=flow.day, amount=flow.amount, kind=flow.kind, symbol=flow.symbol)
        for flow in sorted(books.flows, key=lambda flow: flow.day)
    )
    _store_closings(account, books.closings)


def _store_closings(account: BrokerageAccount, closings: Sequence[Closing]) -> None:
    """Write from the first one on that differs from what is there: mostly only new ones."""
    mine = ClosedLot.objects.filter(account=account).order_by("number")
    columns = ("symbol", "opened_on", "closed_on", "qty", "proceeds", "cost", "is_sale", "is_cost_known")
    known = list(mine.values_list(*columns))
    wanted = [tuple(getattr(closing, name) for name in columns) for closing in closings]
    pairs = zip(known, wanted, strict=False)
    same = next((number for number, (a, b) in enumerate(pairs) if a != b), min(len(known), len(wanted)))
    mine.filter(number__gte=same).delete()
    ClosedLot.objects.bulk_create(
        (
            ClosedLot(
                account=account,
                number=number,
                gain=closing.gain,
                is_long_term=closing.is_long_term,
                **dict(zip(columns, wanted[number], strict=True)),
            )
            for number, closing in enumerate(closings[same:], start=same)
        ),
        batch_size=1000,
    )


def work_out_due(*, now: datetime) -> sweeps.Swept:
    """Keep up the books of accounts that have new or changed activities, the longest due first.

    One query where there is none.
    """
    due = Unbooked.objects.filter(due_at__lte=now).order_by("due_at")
    if not due.exists():
        return sweeps.Swept()
    return sweeps.sweep(
        "trading.gains", due.select_related("account"), _book, failed=lambda row: _put_off(row, now)
    )


def _book(row: Unbooked) -> None:
    """Work out an account's books; what comes meanwhile keeps it among the unbooked.

    Whether or not somebody has since: they may not have seen what was not committed then.
    """
    work_out(account=row.account)
    Unbooked.objects.filter(pk=row.pk, changed_at=row.changed_at).delete()


def _put_off(row: Unbooked, now: datetime) -> None:
    pause = min(following.FIRST_RETRY * 2 ** min(row.failures, 12), LONGEST_RETRY)
    Unbooked.objects.filter(pk=row.pk).update(due_at=now + pause, failures=state.one_more("failures"))


def sales_of(account: BrokerageAccount, year: int) -> QuerySet[ClosedLot]:
    """The lots that were sold in a year in New York, in the order of sales."""
    return ClosedLot.objects.filter(account=account, is_sale=True, closed_on__year=year).order_by("number")


def _years(account_id: UUID) -> "QuerySet[Any, Any]":
    is_long = Q(is_long_term=True)
    return (
        ClosedLot.objects.filter(account=account_id, is_sale=True)
        .order_by()
        .values("closed_on__year")
        .annotate(
            short_term=Sum("gain", filter=~is_long, default=Decimal(0)),
            long_term=Sum("gain", filter=is_long, default=Decimal(0)),
            total_proceeds=Sum("proceeds"),
            total_cost=Sum("cost"),
            total_gain=Sum("gain"),
            sales=Count("pk"),
            unknown=Count("pk", filter=Q(is_cost_known=False)),
        )
        .order_by("-closed_on__year")
        .values_list(
            "closed_on__year",
            "short_term",
            "long_term",
            "total_proceeds",
            "total_cost",
            "total_gain",
            "sales",
            "unknown",
        )
    )


find_years: FixedQuery[tuple[Any, ...]] = FixedQuery(_years, UUID(int=1))


def get_years(account: BrokerageAccount) -> list[dict[str, Any]]:
    """Realized gains of sales by year in New York, the newest first: short and long term, USD. One query."""
    columns = ("closed_on__year", "short_term", "long_term", "proceeds", "cost", "gain", "sales", "unknown")
    return [dict(zip(columns, row, strict=True)) for row in find_years(account.pk)]
