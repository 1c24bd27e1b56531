"""The page of an asset, with its chart and the ticket."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from brokerapp.ui.flat import Flat
from trading.chart_ranges import CHART_RANGES, chart_range
from trading.models import Asset
from trading.services import bars, corporate_actions, watchlists
from trading.views.ticket_inputs import Inputs
from trading.views.tickets import TicketMixin
from trading.views.tickets import get_asset_or_404 as get_asset_or_404  # noqa: PLC0414 - for other pages

CHARTS = {
    word: Flat(
        "trading/_chart.html", "symbol", "table_url", "data_url", ranges=CHART_RANGES.values(), range=of_word
    )
    for word, of_word in CHART_RANGES.items()
}
"""The chart's frame, by the range that it begins with."""

HALTED = Flat(
    "_partials/notice.html",
    tone="warn",
    title="Trading in this is halted",
    text="The exchange has stopped it for now. Orders are taken and wait; they may fill at quite another "
    "price once it goes on.",
)


class AssetPage(TicketMixin):
    """One security: its price, what the person holds of it, and the ticket."""

    page_name = "trading:asset"

    def page(self, asset: Asset, inputs: Inputs) -> HttpResponse:
        now, wanted = timezone.now(), chart_range(self.request.GET.get("range", ""))
        context = self.ticket_context(asset, inputs) | {
            "year": bars.get_year(asset=asset, now=now),
            "open_orders": self.facts.listed,
            "halted_notice": HALTED(),
            "has_actions": corporate_actions.has_upcoming(asset, now),
            "watchlists": watchlists.get_watched(self.account, asset),
            "chart": CHARTS[wanted.word](
                symbol=asset.symbol,
                table_url=self.url("trading:price_table", asset.symbol),
                data_url=self.url("trading:chart", asset.symbol),
            ),
        }
        # Refused, it keeps what was typed.
        return render(self.request, "trading/asset.html", context, status=inputs.http_status)
