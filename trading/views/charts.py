"""The prices of an asset over time: what the chart is drawn from, and the same as a table."""

from datetime import date, datetime

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin
from brokerapp.units.market_time import day_in_new_york
from brokerapp.units.money import plain
from trading.chart_ranges import CHART_RANGES, chart_range, is_extended
from trading.models import Quote
from trading.services import bars, market
from trading.views.assets import get_asset_or_404


class ChartData(AccountRequiredMixin):
    """The bars of a range, for the chart: times in seconds of Unix time, prices in USD as text.

    The last member of a bar is 1 before the open and after the close.
    """

    asks_broker = ("GET", "HEAD")

    def get(self, request: HttpRequest, symbol: str) -> HttpResponse:
        asset, wanted = get_asset_or_404(symbol), chart_range(request.GET.get("range", ""))
        chart = bars.get_chart(asset=asset, chart_range=wanted, now=timezone.now())
        quote = Quote.objects.filter(pk=asset.pk).first() if wanted.days == 1 else None
        days = get_days_of(chart)
        body = {
            "range": wanted.word,
            "intraday": wanted.is_intraday,
            "pending": chart.synced_at is None,
            "points": [
                [int(at.timestamp()), *map(plain, prices), int(wanted.is_intraday and is_extended(at, days))]
                for at, *prices in chart.points
            ],
            "previousClose": plain(quote.previous_close) if quote and quote.previous_close else None,
        }
        return JsonResponse(body)


def get_days_of(chart: bars.Chart) -> dict[date, tuple[datetime, datetime]]:
    """The market's hours on the days of an intraday chart."""
    if not chart.range.is_intraday or not chart.points:
        return {}
    return market.get_days(*(day_in_new_york(chart.points[end].at) for end in (0, -1)))


class PriceTable(AccountRequiredMixin):
    """The same prices as a table, newest first."""

    asks_broker = ("GET", "HEAD")

    def get(self, request: HttpRequest, symbol: str) -> HttpResponse:
        asset, wanted = get_asset_or_404(symbol), chart_range(request.GET.get("range", ""))
        chart = bars.get_chart(asset=asset, chart_range=wanted, now=timezone.now())
        context = {
            "asset": asset,
            "chart": chart,
            "points": list(reversed(chart.points)),
            "ranges": CHART_RANGES.values(),
        }
        return render(request, "trading/price_table.html", context)
