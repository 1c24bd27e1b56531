"""What was gained: the chart's values and their table, returns with their arithmetic, gains by year."""

from collections.abc import Iterator
from datetime import datetime

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.ui.csv_download import Cell, csv_response
from brokerapp.units.money import plain
from trading.lots import Flow
from trading.models import Asset, ClosedLot
from trading.performance import SPANS, Summary, span_of, yearly
from trading.services import gains, performance
from trading.services.benchmark import Benchmark, get_benchmark
from trading.views.portfolio import DEFAULT_SPAN

ROWS_PER_PAGE = 50
POINTS_PER_PAGE = 100
FLOW_WORDS = {
    "CSD": "Deposit",
    "CSW": "Withdrawal",
    "JNLS": "Shares moved",
    "ACATS": "Shares moved",
    "ACATC": "Account transfer",
}
CSV_HEADER = (
    "Symbol",
    "Name",
    "Shares",
    "Bought",
    "Sold",
    "Term",
    "Proceeds (USD)",
    "Cost (USD)",
    "Gain or loss (USD)",
    "Cost known",
)


def flow_word(flow: Flow) -> str:
    """What a marker is called."""
    return FLOW_WORDS.get(flow.kind, "Money in" if flow.amount > 0 else "Money out")


class EquityChart(AccountRequiredMixin):
    """The points of a range, for the chart: Unix seconds, USD as text, and what came in or went out."""

    def get(self, request: HttpRequest) -> HttpResponse:
        span, now = span_of(request.GET.get("range", ""), DEFAULT_SPAN), timezone.now()
        figures = performance.get_figures(self.account, now)
        history = performance.get_history(figures, span, now)
        summary = history.summary
        body = {
            "range": span.word,
            "intraday": span.is_intraday,
            "points": [
                [
                    int(point.at.timestamp()),
                    plain(point.equity),
                    [[flow_word(flow), plain(flow.amount)] for flow in point.flows],
                ]
                for point in history.points
            ],
            "opening": plain(summary.opening) if summary and span.days == 1 else None,
            "gain": plain(summary.gain) if summary else None,
            "fraction": plain(summary.fraction) if summary and summary.fraction is not None else None,
        }
        return JsonResponse(body)


class EquityTable(AccountRequiredMixin):
    """The same as a table, newest first, with the broker's own figures beside ours."""

    def get(self, request: HttpRequest) -> HttpResponse:
        span, now = span_of(request.GET.get("range", ""), DEFAULT_SPAN), timezone.now()
        history = performance.get_history(performance.get_figures(self.account, now), span, now)
        points = list(reversed(history.points))
        page = Paginator(points, POINTS_PER_PAGE).get_page(request.GET.get("page"))
        rows = [(point, [(flow_word(flow), flow) for flow in point.flows]) for point in page]
        context = {"history": history, "page": page, "rows": rows, "span": span, "spans": SPANS.values()}
        return render(request, "trading/equity_table.html", context)


class Performance(SectionMixin):
    """Returns of a range with their arithmetic, all that was gained ever, and realized gains by year."""

    section = "portfolio"

    def get(self, request: HttpRequest) -> HttpResponse:
        span, now = span_of(request.GET.get("range", ""), "All"), timezone.now()
        figures = performance.get_figures(self.account, now)
        gains.refresh_if_behind(account=self.account, book=figures.book)
        history = performance.get_outline(figures, span, now)
        summary = history.summary
        context = {
            "figures": figures,
            "book": figures.book,
            "history": history,
            "summary": summary,
            "money_yearly": yearly(summary.money_weighted, summary.days) if summary else None,
            "time_yearly": yearly(summary.time_weighted, summary.days) if summary else None,
            "span": span,
            "spans": SPANS.values(),
            "years": gains.get_years(self.account),
            "benchmark": _benchmark(summary, now),
        }
        return render(request, "trading/performance.html", context)


def _benchmark(summary: Summary | None, now: datetime) -> Benchmark | None:
    """The market over the same days, where there are any."""
    return get_benchmark(summary.first_day, now) if summary and summary.first_day else None


class RealizedGains(AccountRequiredMixin):
    """The sales of a year, lot by lot."""

    def get(self, request: HttpRequest, year: int) -> HttpResponse:
        totals = next((row for row in gains.get_years(self.account) if row["closed_on__year"] == year), None)
        if totals is None:
            raise Http404
        page = Paginator(gains.sales_of(self.account, year), ROWS_PER_PAGE).get_page(request.GET.get("page"))
        context = {"year": year, "totals": totals, "page": page}
        return render(request, "trading/realized_gains.html", context)


class RealizedGainsCsv(AccountRequiredMixin):
    """The same as a file for a tax program or a spreadsheet."""

    def get(self, request: HttpRequest, year: int) -> HttpResponseBase:
        if year not in {row["closed_on__year"] for row in gains.get_years(self.account)}:
            raise Http404
        filename = f"realized-gains-{year}-{self.account.last4 or 'account'}.csv"
        return csv_response(filename, CSV_HEADER, self._rows(year))

    def _rows(self, year: int) -> Iterator[tuple[Cell, ...]]:
        names: dict[str, str] = {}
        for lot in gains.sales_of(self.account, year).iterator(chunk_size=1000):
            if lot.symbol not in names:
                asset = Asset.objects.filter(symbol=lot.symbol).order_by("status").first()
                names[lot.symbol] = asset.title if asset else ""
            yield _row(lot, names[lot.symbol])


def _row(lot: ClosedLot, name: str) -> tuple[Cell, ...]:
    return (
        lot.symbol,
        name,
        abs(lot.qty),
        lot.opened_on,
        lot.closed_on,
        "long" if lot.is_long_term else "short",
        lot.proceeds,
        lot.cost,
        lot.gain,
        "yes" if lot.is_cost_known else "no",
    )
