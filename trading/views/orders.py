"""What became of orders."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, SectionMixin
from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow.models import StatusChange
from trading import rules, timeline
from trading.models import Order
from trading.services import orders

ORDERS_PER_PAGE = 25


class Orders(SectionMixin):
    """Every order, open or closed."""

    section = "orders"

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
        # The call that placed it. An event can be faster than its reply: then the first change has a read's.
        calls = ApiCall.objects.about(order).filter(method="POST").exclude(request_id="")
        placed_by = calls.order_by("started_at").values_list("request_id", flat=True).first()
        context = {
            "order": order,
            "request_id": placed_by or next((c.request_id for c in changes if c.request_id), ""),
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
