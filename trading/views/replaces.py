"""Changing an open order: the form, and the review that sends the change once."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin
from brokerapp.units.money import plain
from brokerapp.workflow import intents
from trading import changes, order_words, rules
from trading.forms.replace import ReplaceForm
from trading.forms.review import ReviewForm
from trading.models import Order
from trading.order_spec import OrderSpec
from trading.services import orders, tickets

PURPOSE = "replace"


class _ChangePage(AccountRequiredMixin):
    """A page about changing one order."""

    def get_order(self, order_id: UUID) -> Order:
        mine = Order.objects.select_related("asset", "account")
        return get_object_or_404(mine, pk=order_id, account=self.account)


class ReplaceOrder(_ChangePage):
    """The order as it is, to be changed."""

    def get(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        order = self.get_order(order_id)
        if (refusal := changes.why_not(order, orders.get_unsettled_change(order))) is not None:
            messages.warning(request, str(refusal))
            return self.redirect("trading:order", order.pk)
        return self.page(order, ReplaceForm(order=order))

    def post(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        order = self.get_order(order_id)
        form = ReplaceForm(request.POST, order=order)
        if not form.is_valid():
            return self.page(order, form)
        review = orders.prepare_change(order=order, ticket=form.spec(), now=timezone.now())
        if review.refusal is not None:
            form.add_refusal(review.refusal)
            return self.page(order, form)
        token = intents.mint(PURPOSE, self.account.user_id, self.account.pk, review.ticket.data())
        return self.redirect("trading:replace_review", order.pk, token)

    def page(self, order: Order, form: ReplaceForm) -> HttpResponse:
        context = {"order": order, "form": form, "sentence": order_words.sentence(order)}
        return render(self.request, "trading/order_replace.html", context)


class ReplaceReview(_ChangePage):
    """What is about to be changed, and the button that sends it: once, however often it is pressed."""

    asks_broker = ("POST",)
    typed_is_kept = False

    intent: intents.Intent

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        account = self.account
        self.get_order(kwargs["order_id"])  # another person's is not there, whatever the token
        try:
            self.intent = intents.read(PURPOSE, account.user_id, account.pk, kwargs["token"])
        except intents.IntentExpired:
            return self.start_again(kwargs["order_id"])
        if self.intent.data.get("replaces") != str(kwargs["order_id"]):
            return self.start_again(kwargs["order_id"])
        return super().dispatch_own(request, *args, **kwargs)

    def start_again(self, order_id: UUID) -> HttpResponse:
        messages.warning(self.request, "That review is too old to change an order with. Please start again.")
        return self.redirect("trading:replace_order", order_id)

    def get(self, request: HttpRequest, order_id: UUID, token: str) -> HttpResponse:
        if Order.objects.filter(pk=self.intent.id, account=self.account).exists():
            return self.redirect("trading:order", self.intent.id)
        return self.page(self.get_order(order_id))

    def post(self, request: HttpRequest, order_id: UUID, token: str) -> HttpResponse:
        order = self.get_order(order_id)
        form = ReviewForm(request.POST)
        form.is_valid()
        try:
            changed = orders.replace_order(
                order=order,
                ticket=self.ticket(),
                order_id=self.intent.id,
                agreed_borrowing=form.agreed_borrowing(),
                by=self.account.user,
                now=timezone.now(),
            )
        except (changes.ChangeRefused, rules.TradeRefused) as refusal:
            return self.page(self.get_order(order_id), refusal)
        return self.redirect("trading:order", changed.pk)

    def ticket(self) -> OrderSpec:
        return tickets.get_ticket(self.intent.data)

    def page(self, order: Order, refusal: Exception | None = None) -> HttpResponse:
        review = orders.prepare_change(order=order, ticket=self.ticket(), now=timezone.now())
        context = {
            "order": order,
            "review": review,
            "sentence": order_words.sentence(review.ticket),
            "refusal": refusal or review.refusal,
            "may_send": review.refusal is None,
            "form": ReviewForm(initial={"seen_borrowing": plain(review.borrows)}),
        }
        return render(self.request, "trading/order_change_review.html", context)
