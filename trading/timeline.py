"""An order's history, and a new customer's next steps, as `_partials/timeline.html` takes them. Pure."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypedDict

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.money import plain
from brokerapp.workflow.models import StatusChange
from trading.models import Order
from trading.statuses import FINAL_AT_BROKER, OrderStatus

FAILED = (OrderStatus.REJECTED, OrderStatus.NOT_PLACED, OrderStatus.CANCELED, OrderStatus.EXPIRED)
CHECKING = "Its reply did not reach us. We are checking with the broker: do not send it again."


class Step(TypedDict):
    """One step: `state` is done, current, upcoming or failed."""

    title: str
    state: str
    at: datetime | None
    text: str


def order_steps(order: Order, changes: Iterable[StatusChange]) -> list[Step]:
    """Sent, then each status the order took, then what is still to come. Accepted is not filled."""
    steps: list[Step] = [{"title": "Sent", "state": "done", "at": order.created_at, "text": ""}]
    for change in changes:
        status = OrderStatus(change.to_status)
        if status.label != steps[-1]["title"]:
            state = "failed" if status in FAILED else "done"
            steps.append(
                {"title": status.label, "state": state, "at": change.at, "text": _text(order, status)}
            )
    if order.status == OrderStatus.SUBMITTING or order.is_open:
        steps[-1]["state"] = "current"
        titles = {step["title"] for step in steps}
        coming = ["Filled"] if titles & {"Accepted", "Working", "Part filled"} else ["Accepted", "Filled"]
        steps += [{"title": title, "state": "upcoming", "at": None, "text": ""} for title in coming]
    return steps


def _text(order: Order, status: OrderStatus) -> str:
    if status == OrderStatus.UNKNOWN:
        return CHECKING if order.is_unsettled else "The broker's reply was lost, so we asked."
    if status == order.status and status in FAILED and order.status_reason:
        return order.status_reason
    if status in (OrderStatus.PARTIALLY_FILLED, *FINAL_AT_BROKER) and order.filled_qty:
        return filled_text(order)
    return ""


def filled_text(order: Order) -> str:
    """`0.2 of 0.42 shares`, or `0.2 shares` of an order in dollars."""
    of = f" of {plain(order.qty)}" if order.qty is not None else ""
    return f"{plain(order.filled_qty)}{of} shares"


def first_steps(account: BrokerageAccount) -> list[Step]:
    """Approve, fund, buy: for a portfolio that is empty."""
    is_funded = account.cash > 0 or account.equity > 0
    done = [account.is_active, is_funded, False]
    titles = ["Get approved", "Add money", "Buy your first share"]
    current = done.index(False)
    return [
        {
            "title": title,
            "state": "done"
            if index < current or done[index]
            else "current"
            if index == current
            else "upcoming",
            "at": None,
            "text": "",
        }
        for index, title in enumerate(titles)
    ]
