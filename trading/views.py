"""Portfolio, search, ticket, review and orders: one service call each, and only the person's own account."""

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, Blocked
from brokerapp.accounts.capabilities import Capability
from brokerapp.units.money import plain
from brokerapp.workflow import intents
from brokerapp.workflow.models import StatusChange
from trading import hours, rules, timeline
from trading.forms import ReviewForm, SearchForm, TicketForm
from trading.models import Asset, Order, Position
from trading.order_spec import OrderSpec
from trading.services import orders, portfolio, tickets

RESULTS = 30
ORDERS_PER_PAGE = 25
PURPOSE = "order"


class Portfolio(AccountRequiredMixin):
    """What the person has, what is on its way, and what to do next."""

    def get(self, request: HttpRequest) -> HttpResponse:
        portfolio.refresh_if_old(account=self.account, now=timezone.now())
        valuation = portfolio.get_valuation(self.account)
        open_orders = list(Order.objects.open().filter(account=self.account).newest_first())
        is_empty = not valuation.holdings and not open_orders
        return render(
            request,
            "trading/portfolio.html",
            {
                "account": self.account,
                "valuation": valuation,
                "spending": tickets.get_spending(self.account),
                "open_orders": open_orders,
                "first_steps": timeline.first_steps(self.account) if is_empty else [],
                "blocked": self.blocked_from(Capability.TRADE) if self.account.was_opened else None,
            },
        )


class PositionPage(AccountRequiredMixin):
    """One holding: its cost, value and gain, its orders, and the way to buy more or sell."""

    def get(self, request: HttpRequest, symbol: str) -> HttpResponse:
        position = Position.objects.get_held(self.account, symbol)
        if position is None:
            raise Http404
        if position.symbol != symbol:
            return self.redirect("trading:position", position.symbol)
        valuation = portfolio.get_valuation(self.account)
        holding = next((row for row in valuation.holdings if row.position.pk == position.pk), None)
        if holding is None:  # it was sold meanwhile
            return self.redirect("trading:portfolio")
        mine = Order.objects.filter(account=self.account, asset=position.asset_id).newest_first()
        return render(
            request,
            "trading/position.html",
            {
                "holding": holding,
                "position": position,
                "share": holding.value / valuation.total if holding.value and valuation.total else None,
                "unpriced": valuation.unpriced,
                "orders": list(mine[:ORDERS_PER_PAGE]),
            },
        )


class Search(AccountRequiredMixin):
    """Find what to trade, by symbol or name."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form = SearchForm(request.GET)
        text = form.cleaned_data["q"] if form.is_valid() else ""
        assets = list(Asset.objects.matching(text)[:RESULTS]) if text else []
        return render(
            request,
            "trading/search.html",
            {
                "q": request.GET.get("q", ""),
                "assets": assets,
                "is_loading": not assets and not Asset.objects.exists(),
                "blocked": self.blocked_from(Capability.TRADE),
            },
        )


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


class OrderReview(AccountRequiredMixin):
    """What is about to be placed, and the button that places it: once, however often it is pressed."""

    asks_broker = ("GET", "HEAD", "POST")
    intent: intents.Intent

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        account = self.account
        try:
            self.intent = intents.read(PURPOSE, account.user_id, account.pk, kwargs["token"])
        except intents.IntentExpired as expired:
            return self.start_again(expired.data)
        return super().dispatch_own(request, *args, **kwargs)

    def start_again(self, data: dict[str, Any]) -> HttpResponse:
        """Back from a review that cannot be used to the ticket as it was, where that is known."""
        messages.warning(
            self.request, "That review is too old to place an order with. Please review it again."
        )
        if not data:
            return self.redirect("trading:trade")
        return redirect(self.edit_url(tickets.get_ticket(data)))

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        if Order.objects.filter(pk=self.intent.id, account=self.account).exists():
            return self.redirect("trading:order", self.intent.id)
        return self.page()

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        form = ReviewForm(request.POST)
        form.is_valid()
        try:
            order = orders.place_order(
                account=self.account,
                ticket=tickets.get_ticket(self.intent.data),
                order_id=self.intent.id,
                seen_price=form.cleaned_data.get("seen_price"),
                agreed_borrowing=form.agreed_borrowing(),
                by=self.account.user,
                now=timezone.now(),
            )
        except rules.TradeRefused as refusal:
            return self.page(refusal)
        return self.redirect("trading:order", order.pk)

    def page(self, refusal: rules.TradeRefused | None = None) -> HttpResponse:
        ticket = tickets.get_ticket(self.intent.data)
        review = tickets.prepare_review(account=self.account, ticket=ticket, now=timezone.now())
        price = review.estimate.price if review.estimate else None
        seen = {"seen_price": plain(price) if price else "", "seen_borrowing": plain(review.borrows)}
        context = {
            "review": review,
            "ticket": ticket,
            "refusal": refusal or review.refusal,
            "may_place": review.refusal is None,
            "form": ReviewForm(initial=seen),
            "edit_url": self.edit_url(ticket),
        }
        return render(self.request, "trading/review.html", context)

    def edit_url(self, ticket: OrderSpec) -> str:
        """The ticket's page with everything filled in as it was."""
        amount = ticket.qty if ticket.qty is not None else ticket.notional
        unit = TicketForm.SHARES if ticket.qty is not None else TicketForm.DOLLARS
        given = {"side": ticket.side, "unit": unit, "amount": plain(amount) if amount else ""}
        return f"{self.url('trading:asset', ticket.asset.symbol)}?{urlencode(given)}"


class Orders(AccountRequiredMixin):
    """Every order, open or closed."""

    def get(self, request: HttpRequest) -> HttpResponse:
        tab = "closed" if request.GET.get("tab") == "closed" else "open"
        mine = Order.objects.filter(account=self.account).newest_first()
        found = mine.closed() if tab == "closed" else mine.open()
        page = Paginator(found, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
        rows = [(order, rules.can_cancel(order)) for order in page]
        return render(request, "trading/orders.html", {"tab": tab, "page": page, "rows": rows})


class OrderPage(AccountRequiredMixin):
    """One order's receipt: what was asked, what became of it and when, with its references."""

    def get(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        order = get_object_or_404(Order.objects.select_related("asset"), pk=order_id, account=self.account)
        changes = list(StatusChange.objects.about(order))
        context = {
            "order": order,
            # The call that placed it; later ones are reads.
            "request_id": next((change.request_id for change in changes if change.request_id), ""),
            "steps": timeline.order_steps(order, changes, order.progress.all()),
            "filled_text": timeline.filled_text(order),
            "fills": list(order.fills.standing()),
            "can_cancel": rules.can_cancel(order),
        }
        return render(request, "trading/order.html", context)


class CancelOrder(AccountRequiredMixin):
    """Asks for an open order to be canceled."""

    asks_broker = ("POST",)

    def post(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        order = get_object_or_404(Order, pk=order_id, account=self.account)
        try:
            order = orders.cancel_order(order=order, by=self.account.user, now=timezone.now())
        except rules.CancelRefused as refusal:
            messages.warning(request, str(refusal))
        else:
            if order.is_open:
                messages.info(request, "Cancel requested. The order may still fill.")
        return self.redirect("trading:order", order_id)
