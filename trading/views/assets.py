"""The page of an asset, with its chart and the ticket."""

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, Blocked
from brokerapp.accounts.capabilities import Capability
from brokerapp.workflow import intents
from trading import hours, rules
from trading.chart_ranges import CHART_RANGES, chart_range
from trading.forms.ticket import TicketForm
from trading.models import Asset, Order
from trading.services import bars, tickets, watchlists
from trading.views.reviews import PURPOSE


class AssetPage(AccountRequiredMixin):
    """One security: its price, what the person holds of it, and the ticket."""

    asks_broker = ("GET", "HEAD", "POST")

    def get(self, request: HttpRequest, symbol: str) -> HttpResponse:
        asset = get_asset_or_404(symbol)
        if asset.symbol != symbol:
            asked = f"?{request.GET.urlencode()}" if request.GET else ""
            return redirect(self.url("trading:asset", asset.symbol) + asked)
        given = {name: request.GET[name] for name in ("side", "unit", "amount") if name in request.GET}
        if self.closed(asset, Order.Side.BUY):
            given.setdefault("side", Order.Side.SELL)
        return self.page(asset, TicketForm(asset=asset, initial=given))

    def post(self, request: HttpRequest, symbol: str) -> HttpResponse:
        asset = get_asset_or_404(symbol)
        form = TicketForm(request.POST, asset=asset)
        if not form.is_valid():
            return self.page(asset, form)
        ticket = form.ticket()
        try:
            tickets.check_ticket(account=self.account, ticket=ticket, now=timezone.now())
        except rules.TradeRefused as refusal:
            form.add_refusal(refusal)
            return self.page(asset, form)
        token = intents.mint(PURPOSE, self.account.user_id, self.account.pk, tickets.ticket_data(ticket))
        return self.redirect("trading:order_review", token)

    def page(self, asset: Asset, form: TicketForm) -> HttpResponse:
        now = timezone.now()
        facts = tickets.get_priced_facts(self.account, asset, now)
        context = {
            "asset": asset,
            "facts": facts,
            "year": bars.get_year(asset=asset, now=now),
            "open_orders": list(
                Order.objects.open().filter(account=self.account, asset=asset).newest_first()
            ),
            "watchlists": watchlists.get_watched(self.account, asset),
            "ranges": CHART_RANGES.values(),
            "range": chart_range(self.request.GET.get("range", "")),
            "quote_is_stale": facts.quote is not None and facts.quote.is_stale(now),
            "wait_note": hours.wait_note(facts.clock, now),
            "form": form,
            "blocked": self.blocked_from(Capability.TRADE),
            "closed_to_buy": self.closed(asset, Order.Side.BUY),
            "closed_to_sell": self.closed(asset, Order.Side.SELL),
        }
        # Refused, it keeps what was typed.
        return render(self.request, "trading/asset.html", context, status=422 if form.is_bound else 200)

    def closed(self, asset: Asset, side: str) -> Blocked | None:
        """What keeps the account, or anybody, from trading this on that side; None if nothing does."""
        blocked = self.blocked_from(rules.CAPABILITIES[side])
        if blocked is not None:
            return blocked
        try:
            rules.check_asset(asset, side)
        except rules.TradeRefused as refusal:
            return Blocked(str(refusal))
        return None


def get_asset_or_404(symbol: str) -> Asset:
    """The asset now listed under a symbol. Raises `Http404`."""
    try:
        return Asset.objects.get_by_symbol(symbol)
    except Asset.DoesNotExist:
        raise Http404 from None
