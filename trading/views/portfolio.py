"""The portfolio, and one holding of it."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.accounts.capabilities import Capability
from brokerapp.activities.models import Activity
from brokerapp.ui.flat import Flat
from brokerapp.ui.paging import rest_of
from brokerapp.ui.templatetags.ui import et, money, price, qty, signed_money
from brokerapp.units.market_time import day_text
from trading import timeline
from trading.lots import DIVIDENDS
from trading.models import ClosedLot, HeldLot, Position
from trading.performance import SPANS, span_of
from trading.services import (
    cash,
    corporate_actions,
    gains,
    order_lists,
    performance,
    portfolio,
    position_pages,
    tickets,
)
from trading.views.closed import closed_context
from trading.views.position_rows import Sort, joined, table

POSITIONS_PER_PAGE = 25
"""The last page has up to twice as many: nobody turns a page for a few more."""
ORDERS_SHOWN = 5
LOT = Flat("trading/_lot.html", "opened_on", "note", "units", "qty", "cost")
ACTIVITY = Flat("trading/_position_activity.html", "url", "words", "at", "units", "qty", "price", "cash")
COST_UNKNOWN = mark_safe("<small>The broker gave no cost for these.</small>")
DEFAULT_SPAN = "1M"
RANGES = {
    word: Flat("trading/_chart_ranges.html", "rest", spans=SPANS.values(), span=span)
    for word, span in SPANS.items()
}
"""Links to the ranges of the chart, by the one that is shown."""


class Portfolio(SectionMixin):
    """What the person has, what became of it, what is on its way, and what to do next."""

    section = "portfolio"

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        portfolio.refresh_if_old(account=self.account, now=now)
        figures = performance.get_figures(self.account, now)
        gains.refresh_if_behind(account=self.account, book=figures.book)
        open_orders = order_lists.newest_open(self.account, most=ORDERS_SHOWN + 1)
        is_empty = not figures.valuation.count and not open_orders
        is_new = is_empty and not ClosedLot.objects.filter(account=self.account).exists()
        sort = Sort.of(request.GET.get("sort", ""))
        held: Any = figures.positions(sort.column.word, descending=sort.descending)
        page = Paginator(held, POSITIONS_PER_PAGE, orphans=POSITIONS_PER_PAGE).get_page(
            request.GET.get("page")
        )
        span = span_of(request.GET.get("range", ""), DEFAULT_SPAN)
        context = {
            "account": self.account,
            "figures": figures,
            "valuation": figures.valuation,
            "positions": table(self.account, page, sort, figures.valuation.total, request.GET),
            "spending": tickets.get_spending(self.account),
            "cash": cash.get_cash(self.account, figures.day),
            "withdraw_blocked": self.blocked_from(Capability.WITHDRAW),
            "open_orders": open_orders[:ORDERS_SHOWN],
            "more_orders": len(open_orders) > ORDERS_SHOWN,
            "first_steps": timeline.first_steps(self.account) if is_new else [],
            "blocked": self.blocked_from(Capability.TRADE),
            "span": span,
            "ranges": RANGES[span.word](rest=rest_of(request.GET, "range")),
            "history": performance.get_outline(figures, span, now),
        }
        return render(request, "trading/portfolio.html", context)


class PositionPage(AccountRequiredMixin):
    """One holding: its cost, value and gain, its orders and activity, and the way to buy more or sell."""

    def get(self, request: HttpRequest, symbol: str) -> HttpResponse:
        position = position_pages.get_position(self.account, symbol)
        if position is None:
            raise Http404
        if position.symbol != symbol:
            return self.redirect("trading:position", position.symbol)
        now = timezone.now()
        figures = position_pages.get_position_figures(self.account, position, now)
        gains.refresh_if_behind(account=self.account, book=figures.book)
        average, units = figures.average, position.asset.kind.units.capitalize()
        context = {
            "figures": figures,
            "holding": figures.holding,
            "position": position,
            "has_actions": corporate_actions.has_upcoming(position.asset, now),
            "broker_average": position.avg_entry_price if average and _differs(average, position) else None,
            "lots": figures.lots,
            "lot_rows": _lot_rows(units, figures.lots),
            "activity_rows": _activity_rows(self.url("records:receipt", 0), units, figures.activities),
            "not_ordered": f"These {units.lower()} were not bought with an order here.",
            **(closed_context(self, position.asset) if position.asset else {}),
        }
        return render(request, "trading/position.html", context)


def _lot_rows(units: str, lots: Iterable[HeldLot]) -> SafeString:
    return joined(
        LOT(
            opened_on=f"{day_text(lot.opened_on)} {lot.opened_on.year}",
            note="" if lot.is_cost_known else COST_UNKNOWN,
            units=units,
            qty=qty(lot.qty),
            cost=money(lot.cost),
        )
        for lot in lots
    )


def _activity_rows(address: str, units: str, activities: Iterable[Activity]) -> SafeString:
    """Rows of activities; `address` is that of the receipt number 0, `units` what is counted."""
    return joined(
        ACTIVITY(
            url=address.replace("/0/", f"/{activity.pk}/"),
            words=words_of(activity),
            at=et(activity.at),
            units=units,
            qty=qty(activity.qty),
            price=price(activity.price),
            cash=signed_money(activity.net_amount),
        )
        for activity in activities
    )


ACTIVITY_WORDS = {
    **dict.fromkeys(DIVIDENDS, "Dividend"),
    "SPLIT": "Split",
    "SPIN": "Spin-off",
    "MA": "Merger",
    "NC": "New name",
    "JNLS": "Shares moved",
    "ACATS": "Shares moved",
    "FEE": "Fee",
}


def words_of(activity: Activity) -> str:
    """What an activity of a holding is called."""
    if not activity.is_fill:
        return ACTIVITY_WORDS.get(activity.activity_type, activity.activity_type)
    word = "Bought" if activity.side.startswith("buy") else "Sold"
    return f"{word}, taken back by the exchange" if activity.takes_back else word


def _differs(average: Decimal, position: Position) -> bool:
    """Whether the broker's average is another by half a cent or more."""
    told = position.avg_entry_price
    return told is not None and abs(told - average) >= Decimal("0.005")
