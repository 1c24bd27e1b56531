"""What became of orders."""

from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import SimpleLazyObject
from django.utils.safestring import SafeString

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.ui.csv_download import csv_response
from brokerapp.ui.flat import Flat
from brokerapp.units.market_time import day_in_new_york, in_new_york
from brokerapp.units.money import plain
from trading import changes, order_words, rules, timeline
from trading.forms.orders import OrderFilterForm
from trading.forms.ticket import TicketForm
from trading.models import Order
from trading.services import order_lists, order_pages, orders
from trading.statuses import OrderStatus

ORDERS_PER_PAGE = 25
SHOWN_BEFORE_CANCEL = 50
EMPTY_FILTERS = {
    tab: Flat(
        "trading/_order_filter.html",
        "url",
        form=SimpleLazyObject(partial(OrderFilterForm, tab=tab)),
        tab=tab,
    )
    for tab in order_lists.STATUSES
}
"""The form of a list that nothing is left out of: the same for everybody."""


class Orders(SectionMixin):
    """Every order, open or closed, by the filter in the address."""

    section = "orders"

    def get(self, request: HttpRequest) -> HttpResponse:
        form, wanted = _filter_of(request)
        found: Any = order_lists.pages_of(self.account, wanted)
        shown = Paginator(found, ORDERS_PER_PAGE).get_page(request.GET.get("page"))
        exits = order_lists.exits_of(self.account, list(shown))
        kept = {name: value for name in OrderFilterForm.base_fields if (value := request.GET.get(name))}
        context = {
            "tab": wanted.tab,
            "form": form,
            "filter_form": self._filter_form(form, wanted.tab),
            "page": shown,
            "rows": [each for order in shown for each in (order, *exits.get(order.pk, ()))],
            "filter": urlencode(kept),
            "here": urlencode({"tab": wanted.tab, **kept, "page": shown.number}),
            "can_cancel_any": wanted.tab == order_lists.OPEN and any(map(rules.can_cancel, shown)),
        }
        return render(request, "trading/orders.html", context)

    def _filter_form(self, form: OrderFilterForm | None, tab: str) -> SafeString:
        url = self.url("trading:orders")
        if form is None:
            return EMPTY_FILTERS[tab](url=url)
        context = {"form": form, "tab": tab, "url": url, "is_used": True}
        return render_to_string("trading/_order_filter.html", context)


def _filter_of(request: HttpRequest) -> tuple[OrderFilterForm | None, order_lists.Wanted]:
    """The filter in an address, if it has one, and what it lets through."""
    tab = order_lists.CLOSED if request.GET.get("tab") == order_lists.CLOSED else order_lists.OPEN
    if not any(request.GET.get(name) for name in OrderFilterForm.base_fields):
        return None, order_lists.Wanted(tab)
    form = OrderFilterForm(request.GET, tab=tab)
    return form, form.wanted()


class OrdersFile(AccountRequiredMixin):
    """The list as a file: all of the filter, not one page."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        _, wanted = _filter_of(request)
        name = f"orders-{wanted.tab}-{day_in_new_york(timezone.now()):%Y-%m-%d}.csv"
        return csv_response(name, order_lists.HEADER, order_lists.file_rows(self.account, wanted))


class OrderPage(AccountRequiredMixin):
    """One order's receipt: what was asked, what became of it and when, with its references."""

    def get(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        order = orders.get_placed(self.account, order_id)
        if order is None:
            raise Http404
        story = order_pages.get_story(order)
        latest = story.latest
        context = {
            "order": latest,
            "seen": story.order,
            "story": story,
            "sentence": order_words.sentence(latest),
            "steps": story.steps(),
            "filled_text": timeline.filled_text(latest),
            "can_cancel": rules.can_cancel(latest),
            "unchangeable": changes.why_not(latest, story.under_way),
            "is_live": story.is_moving,
            "new_order": self._new_order(latest),
        }
        context["cancel_and_new"] = isinstance(context["unchangeable"], changes.CancelAndNew)
        return render(request, "trading/order.html", context)

    def _new_order(self, order: Order) -> str:
        """The ticket with what is known of the order filled in; empty if there is none for its asset."""
        if not order.asset.is_offered:
            return ""
        amount = order.qty if order.qty is not None else order.notional
        unit = TicketForm.SHARES if order.qty is not None else TicketForm.DOLLARS
        given = {"side": order.side, "unit": unit, "amount": plain(amount or Decimal(0))}
        return f"{self.url('trading:asset', order.asset.symbol)}?{urlencode(given)}"


class CancelOrder(AccountRequiredMixin):
    """Asks for an open order to be canceled; from the list, back to the list as it was."""

    asks_broker = ("POST",)

    def post(self, request: HttpRequest, order_id: UUID) -> HttpResponse:
        order = get_object_or_404(Order, pk=order_id, account=self.account)
        try:
            order = orders.cancel_order(order=order, by=self.account.user, now=timezone.now())
        except rules.CancelRefused as refusal:
            messages.warning(request, str(refusal))
        else:
            _say(request, order)
        if "list" in request.POST:
            kept = QueryDict(request.POST["list"]).urlencode()
            return redirect(f"{self.url('trading:orders')}?{kept}")
        return self.redirect("trading:order", order_id)


def _say(request: HttpRequest, order: Order) -> None:
    """How a cancel went, as it happened."""
    name = f"{order.get_side_display()} {order.symbol}"
    if order.is_open or order.status == OrderStatus.REPLACED:
        messages.info(request, f"{name}: cancel requested. The order may still fill.")
    elif order.status == OrderStatus.FILLED:
        messages.warning(request, f"{name}: cancel requested, but it filled before that arrived.")
    elif order.filled_qty:
        messages.success(request, f"{name}: canceled. {timeline.filled_text(order)} were filled before.")
    else:
        messages.success(request, f"{name}: {order.get_status_display().lower()}.")


class CancelAll(AccountRequiredMixin):
    """Asks once more, with every order that would be canceled; then each is canceled by itself."""

    def get(self, request: HttpRequest) -> HttpResponse:
        found = list(order_lists.cancelable(self.account))
        context = {
            "found": found[:SHOWN_BEFORE_CANCEL],
            "total": len(found),
            "more": max(len(found) - SHOWN_BEFORE_CANCEL, 0),
            "until": found[0].created_at.isoformat() if found else "",
        }
        return render(request, "trading/orders_cancel_all.html", context)

    def post(self, request: HttpRequest) -> HttpResponse:
        until = _instant(request.POST.get("until", ""))
        if until is None:
            return self.redirect("trading:cancel_all")
        now = timezone.now()
        wanted = order_lists.cancelable(self.account, until=until)
        for order, refusal in orders.request_cancels(orders=wanted, by=self.account.user, now=now):
            messages.warning(request, f"{order.get_side_display()} {order.symbol}: {refusal}")
        return redirect(f"{self.url('trading:cancel_all_outcome')}?{urlencode({'at': now.isoformat()})}")


class CancelAllOutcome(AccountRequiredMixin):
    """What became of each order that was to be canceled together."""

    def get(self, request: HttpRequest) -> HttpResponse:
        at = _instant(request.GET.get("at", ""))
        if at is None:
            return self.redirect("trading:orders")
        found = list(order_lists.asked_to_cancel(self.account, at))
        context = {
            "at": at,
            "rows": found,
            "is_live": any(order.is_open and not order.cancel_refusal for order in found),
        }
        return render(request, "trading/orders_cancel_all_outcome.html", context)


def _instant(text: str) -> datetime | None:
    try:
        found = parse_datetime(text)
        return in_new_york(found) if found and found.tzinfo else None
    except (ValueError, OverflowError):
        return None
