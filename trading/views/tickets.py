"""The ticket: beside an asset's prices, on a page of its own, and its estimate as one types."""

from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin
from brokerapp.workflow import intents
from trading import hours, rules
from trading.forms import choices
from trading.forms.ticket import TicketForm
from trading.models import Asset, Order
from trading.rules import Facts
from trading.services import tickets
from trading.services.facts import find_named, get_facts, get_shown_facts
from trading.views.closed import closed_context, why_closed
from trading.views.reviews import PURPOSE
from trading.views.ticket_inputs import Inputs

MORE = "ticket_more"
"""In the session: that the person wants the long ticket."""


class TicketMixin(AccountRequiredMixin):
    """A page with the ticket of one asset; its address fills the ticket in (`?side=SELL&amount=3`).

    `?more=1` shows every type of order, from then on, and `?more=0` the short ticket.
    """

    asks_broker = ("POST",)
    page_name: str
    facts: Facts

    def page(self, asset: Asset, inputs: Inputs) -> HttpResponse:
        """The page around the ticket."""
        raise NotImplementedError

    def get(self, request: HttpRequest, symbol: str) -> HttpResponse:
        asset = get_asset_or_404(symbol)
        if asset.symbol != symbol:
            asked = f"?{request.GET.urlencode()}" if request.GET else ""
            return redirect(self.url(self.page_name, asset.symbol) + asked)
        if "more" in request.GET:
            request.session[MORE] = request.GET["more"] == "1"
        given = _given(request.GET)
        if why_closed(self, asset, Order.Side.BUY):
            given.setdefault("side", Order.Side.SELL)
        more = request.session.get(MORE, False) or not choices.is_simple(given)
        self.facts = get_shown_facts(self.account, asset, timezone.now())
        return self.page(asset, Inputs(asset, self.facts.situation(asset), more, given))

    def post(self, request: HttpRequest, symbol: str) -> HttpResponse:
        asset = get_asset_or_404(symbol)
        if "show" in request.POST:
            return self.show_again(asset)
        self.facts = get_facts(self.account, asset, timezone.now())
        situation = self.facts.situation(asset)
        form = TicketForm(request.POST, asset=asset, situation=situation, more="more" in request.POST)
        if not form.is_valid():
            return self.refused(asset, form)
        ticket = form.ticket()
        try:
            tickets.check_ticket(account=self.account, ticket=ticket, now=timezone.now())
        except rules.TradeRefused as refusal:
            form.add_refusal(refusal)
            return self.refused(asset, form)
        token = intents.mint(PURPOSE, self.account.user_id, self.account.pk, tickets.ticket_data(ticket))
        return self.redirect("trading:order_review", token)

    def refused(self, asset: Asset, form: TicketForm) -> HttpResponse:
        """The page again, with what was typed."""
        self.facts = get_shown_facts(self.account, asset, timezone.now())
        return self.page(asset, Inputs.typed(form))

    def show_again(self, asset: Asset) -> HttpResponse:
        """The short or the long ticket, with what was typed so far."""
        typed = {"more": "1" if self.request.POST["show"] == "more" else "0", **_given(self.request.POST)}
        if typed["more"] == "0":
            typed = {name: value for name, value in typed.items() if name in choices.SHORT or name == "more"}
        return redirect(f"{self.url(self.page_name, asset.symbol)}?{urlencode(typed)}")

    def ticket_context(self, asset: Asset, inputs: Inputs) -> dict[str, Any]:
        """What `_ticket.html` shows."""
        now = timezone.now()
        return {
            "asset": asset,
            "facts": self.facts,
            "form": inputs.form,
            "inputs": inputs,
            "most_cash": self.facts.spending.most(asset.kind.smallest_order),
            "most_qty": tickets.most_whole_shares(asset, self.facts),
            "ticket_url": self.url(self.page_name, asset.symbol),
            "estimate_url": self.url("trading:estimate", asset.symbol),
            "quote_is_stale": self.facts.quote is not None and self.facts.quote.is_stale(now),
            "wait_note": hours.wait_note(self.facts.clock, now),
            **closed_context(self, asset),
        }


class OrderTicket(TicketMixin):
    """The ticket on a page of its own, for phones, and for editing what was reviewed."""

    page_name = "trading:ticket"

    def page(self, asset: Asset, inputs: Inputs) -> HttpResponse:
        context = self.ticket_context(asset, inputs)
        return render(self.request, "trading/ticket.html", context, status=inputs.http_status)


class TicketEstimate(AccountRequiredMixin):
    """What a ticket comes to and what does not go together in it, as a part of a page; asks no broker."""

    def post(self, request: HttpRequest, symbol: str) -> HttpResponse:
        asset, now = get_asset_or_404(symbol), timezone.now()
        facts = get_facts(self.account, asset, now, quote=getattr(asset, "quote", None))
        form = TicketForm(
            request.POST, asset=asset, situation=facts.situation(asset), more="more" in request.POST
        )
        review = tickets.estimate_ticket(form.ticket(), facts, now) if form.is_valid() else None
        context = {"review": review, "problems": _problems(form), "refused": form.refused_answers()}
        return render(request, "trading/_estimate.html", context)


def _given(query: Any) -> dict[str, str]:
    """The answers of a ticket in an address or a form."""
    return {name: query[name] for name in TicketForm.base_fields if query.get(name)}


def _problems(form: TicketForm) -> list[tuple[str, str]]:
    """Label and words of what is wrong, without what is only not filled in yet."""
    return [
        (str(form[name].label), message)
        for name, errors in form.errors.as_data().items()
        if name in form.fields
        for error in errors
        if error.code != "required"
        for message in error.messages
    ]


def get_asset_or_404(symbol: str) -> Asset:
    """The asset on offer now listed under a symbol, with its quote if it is spelled so. Raises `Http404`."""
    if "\0" in symbol:
        raise Http404
    if found := find_named(symbol):
        return found[0]
    try:
        return Asset.objects.get_by_symbol(symbol)
    except Asset.DoesNotExist:
        raise Http404 from None
