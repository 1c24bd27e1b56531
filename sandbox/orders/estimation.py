"""Order estimation: what an order would get now, without placing it."""

from decimal import ROUND_DOWN
from typing import Any

from sandbox.instruments.asset_classes import asset_class_of
from sandbox.orders.execution import NINE_PLACES
from sandbox.orders.orders import ORDERS
from sandbox.orders.placement import place
from sandbox.orders.rules import read_ticket
from sandbox.orders.views import order_view
from sandbox.state.api import Call, endpoint, text_of, unprocessable


@endpoint("POST", ORDERS + "/estimation")
def estimate_order(call: Call) -> dict[str, Any]:
    """An order-shaped answer with the shares and the price expected; refused as the order would be."""
    world, account = call.world, call.account()
    ticket = read_ticket(world, call.json_object())
    if not asset_class_of(ticket.asset.symbol).can_be_estimated:
        raise unprocessable("crypto orders cannot be estimated")
    if ticket.type != "market" or ticket.order_class:
        raise unprocessable("only simple market orders can be estimated")
    order = place(world, account, ticket, call.now)
    quote = world.prices.quote(order.symbol, call.now)
    price = quote.ask if order.side == "buy" else quote.bid
    qty = order.qty
    if qty is None:
        assert order.notional is not None
        qty = (order.notional / price).quantize(NINE_PLACES, ROUND_DOWN)
    view = order_view(world, order)
    world.store.rollback()
    return view | {"qty": text_of(qty), "filled_qty": text_of(qty), "filled_avg_price": text_of(price)}
