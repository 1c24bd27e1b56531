"""The page of an asset, with its chart and the ticket."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from trading.chart_ranges import CHART_RANGES, chart_range
from trading.forms.ticket import TicketForm
from trading.models import Asset, Order
from trading.services import bars, watchlists
from trading.views.tickets import TicketMixin
from trading.views.tickets import get_asset_or_404 as get_asset_or_404  # noqa: PLC0414 - for other pages


class AssetPage(TicketMixin):
    """One security: its price, what the person holds of it, and the ticket."""

    page_name = "trading:asset"

    def page(self, asset: Asset, form: TicketForm) -> HttpResponse:
        now = timezone.now()
        context = self.ticket_context(asset, form) | {
            "year": bars.get_year(asset=asset, now=now),
            "open_orders": list(
                Order.objects.open().filter(account=self.account, asset=asset).newest_first()
            ),
            "watchlists": watchlists.get_watched(self.account, asset),
            "ranges": CHART_RANGES.values(),
            "range": chart_range(self.request.GET.get("range", "")),
        }
        # Refused, it keeps what was typed.
        return render(self.request, "trading/asset.html", context, status=422 if form.is_bound else 200)
