"""The review of an order."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, person
from brokerapp.units.money import plain
from brokerapp.workflow import intents
from trading import rules
from trading.forms import choices
from trading.forms.review import ReviewForm
from trading.order_spec import OrderSpec
from trading.services import orders, tickets

PURPOSE = "order"


class OrderReview(AccountRequiredMixin):
    """What is about to be placed, and the button that places it: once, however often it is pressed."""

    asks_broker = ("GET", "HEAD", "POST")
    typed_is_kept = False

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
        return self.placed() or self.page()

    def placed(self) -> HttpResponse | None:
        """To the order that was placed from here already; None if none was."""
        if orders.get_placed(self.account, self.intent.id) is not None:
            return self.redirect("trading:order", self.intent.id)
        return None

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        form = ReviewForm(request.POST)
        form.is_valid()
        ticket = tickets.get_ticket(self.intent.data)
        try:
            order = orders.place_order(
                account=self.account,
                ticket=ticket,
                order_id=self.intent.id,
                seen_price=form.cleaned_data.get("seen_price"),
                agreed=form.agreed(),
                agreed_borrowing=form.agreed_borrowing(),
                by=person(request),
                now=timezone.now(),
            )
        except rules.TradeRefused as refusal:
            return self.page(refusal)
        return self.redirect("trading:order", order.pk)

    def page(self, refusal: rules.TradeRefused | None = None) -> HttpResponse:
        ticket = tickets.get_ticket(self.intent.data)
        review = tickets.prepare_review(account=self.account, ticket=ticket, now=timezone.now())
        price = review.market_price
        seen = {
            "seen_price": plain(price) if price else "",
            "seen_borrowing": plain(review.borrows),
            "seen_old_price": "1" if review.quote_is_stale else "",
        }
        context = {
            "review": review,
            "ticket": ticket,
            "refusal": refusal or review.refusal,
            "may_place": review.refusal is None,
            "seen": seen,
            "form": ReviewForm(),
            "edit_url": self.edit_url(ticket),
        }
        return render(self.request, "trading/review.html", context)

    def edit_url(self, ticket: OrderSpec) -> str:
        """The ticket's page with everything filled in as it was."""
        given = urlencode(choices.given_by(ticket))
        return f"{self.url('trading:ticket', ticket.asset.symbol)}?{given}"
