"""Orders of ours that the broker made and we did not send: exits of an order, and changes made elsewhere."""

import logging
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

from brokerapp.broker.alpaca import models as alpaca
from brokerapp.workflow import state
from brokerapp.workflow.state import Process
from trading import payloads
from trading.models import Order

logger = logging.getLogger(__name__)


def adopt_legs(parent: Order, reply: alpaca.Order) -> Iterator[tuple[Order, alpaca.Order]]:
    """Each leg in a reply about `parent`, as an order of ours, new ones inserted; with what is told of it.

    For use in the transaction that holds the parent's lock. An order whose place another has taken is still
    told with its legs, which are the other's by then.
    """
    if not reply.legs:
        return
    known = {
        leg.broker_order_id: leg
        for leg in Order.objects.filter(broker_order_id__in=[leg.id for leg in reply.legs])
    }
    for told in reply.legs:
        leg = known.get(told.id) or _find_change(parent, told) or _adopt(told, parent=parent)
        if leg is None:
            continue
        if leg.parent_id != parent.pk and reply.replaced_by is None:
            Order.objects.filter(pk=leg.pk).update(parent=parent)
            leg.parent = parent
        yield leg, told


def _find_change(parent: Order, told: alpaca.Order) -> Order | None:
    """A change of ours of one of the legs, whose own reply has not come so far."""
    return Order.objects.filter(account_id=parent.account_id, client_order_id=told.client_order_id).first()


def adopt_change(old: Order, told: alpaca.Order) -> Order | None:
    """The order that has taken the place of `old`, inserted if it is none of ours so far."""
    mine = Order.objects.filter(account_id=old.account_id)
    found = (
        mine.filter(broker_order_id=told.id).first()
        or mine.filter(client_order_id=told.client_order_id).first()
    )
    return found or _adopt(told, old=old)


def _adopt(told: alpaca.Order, *, parent: Order | None = None, old: Order | None = None) -> Order | None:
    """A row for an order of the broker's; None, and a line in the log, if it is like no order that we know.

    It is inserted as one that is being sent, and what is told of it is applied in the same transaction.
    """
    kin = parent or old
    assert kin is not None
    before = old or _replaced_by(told)
    try:
        spec = payloads.told_spec(told, kin.asset, like=before)
    except ValueError as error:
        logger.error("order %s of %s at the broker is not understood: %s", told.id, kin.account_id, error)
        return None
    columns: dict[str, Any] = spec.columns() | versions(before)
    order = Order(
        id=uuid4(),
        client_order_id=told.client_order_id,
        user_id=kin.user_id,
        account_id=kin.account_id,
        parent=parent or (before.parent if before else None),
        created_at=told.created_at or kin.created_at,
        **columns,
    )
    return state.start(order, by=Process.REPLY, reason="The broker made it.")


def _replaced_by(told: alpaca.Order) -> Order | None:
    return Order.objects.filter(broker_order_id=told.replaces).first() if told.replaces else None


def versions(old: Order | None) -> dict[str, Any]:
    """The columns that tie a change to the order whose place it takes."""
    if old is None:
        return {"replaces_id": None, "original_id": None, "times_changed": 0}
    return {
        "replaces_id": old.pk,
        "original_id": old.story_id,
        "times_changed": old.times_changed + 1,
    }
