"""Rows of tables of orders: pages have dozens of them, so that each is filled into a row rendered before."""

from collections.abc import Iterable
from uuid import UUID

from django import template
from django.template import RequestContext
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

from brokerapp.ui import links
from brokerapp.ui.flat import Flat
from brokerapp.ui.templatetags.ui import MISSING, et, money, price, qty, shares, status_tag
from trading import order_words, rules
from trading.models import Order
from trading.order_types import Side
from trading.statuses import OrderStatus

register = template.Library()

STAND_IN = UUID(int=1)
PLACES = ("url", "name", "kind", "placed", "changed", "amount", "filled", "status", "wish", "more")
ROWS = {is_exit: Flat("trading/_order.html", *PLACES, is_exit=is_exit) for is_exit in (True, False)}
CANCEL = Flat("trading/_order_cancel.html", "url", "token", "here", "name", "placed")
CANNOT = mark_safe("<td></td>")
WISH = mark_safe(' <small class="muted">Cancel requested</small>')
OUTCOMES: dict[str, str] = {
    OrderStatus.FILLED: "It filled before the cancel arrived",
    OrderStatus.REPLACED: "A change was faster; what it became is canceled instead",
}
SIDES: dict[str, str] = dict(Side.choices)
STATUSES: dict[str, str] = dict(OrderStatus.choices)
NOTHING = mark_safe("")


@register.simple_tag(takes_context=True)
def order_rows(context: RequestContext, orders: Iterable[Order]) -> SafeString:
    """A row for each order; exits stand a little apart."""
    address = _address(context)
    return _joined(_row(order, address, order.is_exit) for order in orders)


@register.simple_tag(takes_context=True)
def cancelable_order_rows(context: RequestContext, orders: Iterable[Order], here: str) -> SafeString:
    """The same with a button to cancel those that can be; `here` is the list to come back to."""
    address, cancel = _address(context), _address(context, "trading:cancel_order")
    token = str(context["csrf_token"])
    return _joined(
        _row(
            order,
            address,
            order.is_exit,
            _cancel(order, cancel, token, here) if rules.can_cancel(order) else CANNOT,
        )
        for order in orders
    )


@register.simple_tag(takes_context=True)
def canceled_order_rows(context: RequestContext, orders: Iterable[Order]) -> SafeString:
    """The same with what became of the wish to cancel; exits stand by themselves."""
    address = _address(context)
    return _joined(_row(order, address, False, _outcome(order)) for order in orders)


def _joined(rows: Iterable[str]) -> SafeString:
    return mark_safe("".join(rows))  # noqa: S308 - of `Flat`, which escapes


def _address(context: RequestContext, name: str = "trading:order") -> str:
    """The address of an order's page, with a stand-in for the order: of one address all are made."""
    return links.page_url(name, links.account_id_of(context.request), STAND_IN)


def _row(order: Order, address: str, is_exit: bool, more: SafeString = NOTHING) -> SafeString:
    changed = f" · changed {order.times_changed} time{'' if order.times_changed == 1 else 's'}"
    wants = order.cancel_requested_at and order.is_open and order.status != OrderStatus.PENDING_CANCEL
    return ROWS[is_exit](
        url=address.replace(str(STAND_IN), str(order.pk)),
        name=_name(order),
        kind=order_words.kind(order),
        placed=et(order.created_at),
        changed=changed if order.times_changed else "",
        amount=money(order.notional) if order.qty is None else shares(order.qty),
        filled=f"{qty(order.filled_qty)} at {price(order.filled_avg_price)}" if order.filled_qty else MISSING,
        status=status_tag(STATUSES[order.status], order.tone),
        wish=WISH if wants else NOTHING,
        more=more,
    )


def _name(order: Order) -> str:
    side = SIDES[order.side]
    return f"Exit: {side.lower()} {order.symbol}" if order.is_exit else f"{side} {order.symbol}"


def _cancel(order: Order, address: str, token: str, here: str) -> SafeString:
    return CANCEL(
        url=address.replace(str(STAND_IN), str(order.pk)),
        token=token,
        here=here,
        name=f"{SIDES[order.side].lower()} {order.symbol}",
        placed=et(order.created_at),
    )


def _outcome(order: Order) -> SafeString:
    """What became of the wish to cancel an order."""
    if order.cancel_refusal:
        text = f"Refused: {order.cancel_refusal}"
    elif order.is_open:
        text = "Requested, it may still fill"
    elif order.status == OrderStatus.CANCELED:
        text = "The rest is canceled" if order.filled_qty else "Done"
    else:
        text = OUTCOMES.get(order.status) or f"It had ended: {STATUSES[order.status].lower()}"
    return format_html('<td data-label="Cancel">{}</td>', text)
