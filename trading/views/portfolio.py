"""The portfolio, and one holding of it."""

from decimal import Decimal
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.accounts.capabilities import Capability
from brokerapp.activities.models import Activity
from trading import timeline
from trading.lots import DIVIDENDS
from trading.models import ClosedLot, HeldLot, Order, Position
from trading.performance import SPANS, span_of
from trading.services import cash, gains, order_lists, performance, portfolio, tickets
from trading.services.performance import Figures
from trading.valuation import Holding
from trading.views.position_rows import Sort, share_of, table_rows

POSITIONS_PER_PAGE = 50
ROWS_SHOWN = ORDERS_SHOWN = 25
DEFAULT_SPAN = "1M"


class Portfolio(SectionMixin):
    """What the person has, what became of it, what is on its way, and what to do next."""

    section = "portfolio"

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        portfolio.refresh_if_old(account=self.account, now=now)
        figures = performance.get_figures(self.account, now)
        gains.refresh_if_behind(account=self.account, book=figures.book)
        open_orders = order_lists.newest_open(self.account, most=ORDERS_SHOWN + 1)
        is_empty = not figures.valuation.holdings and not open_orders
        is_new = is_empty and not ClosedLot.objects.filter(account=self.account).exists()
        sort = Sort.of(request.GET.get("sort", ""))
        held = Paginator(sort.apply(figures.valuation.holdings), POSITIONS_PER_PAGE)
        page = held.get_page(request.GET.get("page"))
        span = span_of(request.GET.get("range", ""), DEFAULT_SPAN)
        context = {
            "account": self.account,
            "figures": figures,
            "valuation": figures.valuation,
            "page": page,
            "rows": table_rows(self.account, page, figures.valuation.total),
            "heads": sort.heads(request.GET),
            "spending": tickets.get_spending(self.account),
            "cash": cash.get_cash(self.account, figures.day),
            "withdraw_blocked": self.blocked_from(Capability.WITHDRAW),
            "open_orders": open_orders[:ORDERS_SHOWN],
            "more_orders": len(open_orders) > ORDERS_SHOWN,
            "first_steps": timeline.first_steps(self.account) if is_new else [],
            "blocked": self.blocked_from(Capability.TRADE),
            "spans": SPANS.values(),
            "span": span,
            "history": performance.get_history(figures, span, now),
        }
        return render(request, "trading/portfolio.html", context)


class PositionPage(AccountRequiredMixin):
    """One holding: its cost, value and gain, its orders and activity, and the way to buy more or sell."""

    def get(self, request: HttpRequest, symbol: str) -> HttpResponse:
        position = Position.objects.get_held(self.account, symbol)
        if position is None:
            raise Http404
        if position.symbol != symbol:
            return self.redirect("trading:position", position.symbol)
        figures = performance.get_figures(self.account, timezone.now())
        valuation = figures.valuation
        holding = next((row for row in valuation.holdings if row.position.pk == position.pk), None)
        if holding is None:  # it was sold meanwhile
            return self.redirect("trading:portfolio")
        gains.refresh_if_behind(account=self.account, book=figures.book)
        context = {
            "holding": holding,
            "position": position,
            "share": share_of(holding, valuation.total),
            "unpriced": valuation.unpriced,
            **self._past(position, figures, holding),
        }
        return render(request, "trading/position.html", context)

    def _past(self, position: Position, figures: Figures, holding: Holding) -> dict[str, Any]:
        """What became of this holding: its orders, its activity, its lots, and what it brought, USD."""
        account = self.account
        orders = Order.objects.filter(account=account, asset=position.asset_id).newest_first()
        activities = Activity.objects.filter(account=account, symbol=position.symbol)
        found: dict[str, Any] = {
            "orders": list(orders[:ROWS_SHOWN]),
            "activities": [(row, words_of(row)) for row in activities.newest_first()[:ROWS_SHOWN]],
            "has_books": figures.book is not None,
        }
        if figures.book is None or holding.lots_cost is None:
            return found
        realized = ClosedLot.objects.filter(account=account, symbol=position.symbol).aggregate(
            gain=Sum("gain", default=Decimal(0))
        )["gain"]
        paid = activities.standing().filter(activity_type__in=DIVIDENDS)
        dividends = paid.aggregate(total=Sum("net_amount", default=Decimal(0)))["total"]
        average = holding.lots_cost / position.qty
        return found | {
            "lots": list(HeldLot.objects.filter(account=account, symbol=position.symbol)),
            "average": average,
            "broker_average": position.avg_entry_price if _differs(average, position) else None,
            "realized": realized,
            "dividends": dividends,
            "all_gain": None if holding.gain is None else holding.gain + realized + dividends,
        }


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
