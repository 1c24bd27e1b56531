"""An order's history, and a new customer's next steps, as `_partials/timeline.html` takes them. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.timeline import TimelineStep
from brokerapp.units.money import quantity, shares, usd
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from trading.models import REVISED_NOTE, Order, OrderProgress
from trading.statuses import FINAL_AT_BROKER, OURS, OrderStatus

FAILED = (OrderStatus.REJECTED, OrderStatus.NOT_PLACED, OrderStatus.CANCELED, OrderStatus.EXPIRED)
CHECKING = "Its reply did not reach us. We are checking with the broker: do not send it again."
ASKED = "The broker's reply was lost, so we asked."
BUSTED = "Trade canceled by the exchange"
CORRECTED = "Trade corrected by the exchange"
REVISED = {OrderProgress.Kind.BUST: BUSTED, OrderProgress.Kind.CORRECT: CORRECTED}
HAS_QUANTITY = (OrderStatus.PARTIALLY_FILLED, *FINAL_AT_BROKER)


def order_steps(
    order: Order, changes: Iterable[StatusChange], progress: Iterable[OrderProgress]
) -> list[TimelineStep]:
    """Sent, then what happened with the figures of its moment, then what is to come. Accepted is not filled.

    Of what the broker said, `progress` tells; of our own statuses and of what was asked for, `changes`.
    """
    said = list(progress)
    told = {step.status for step in said}
    happened = [(change.at, _own_steps(order, change)) for change in changes if _is_own(change, told)]
    happened += [(step.at, _broker_steps(order, step)) for step in said]
    steps = [TimelineStep("Sent", "done", order.created_at)]
    for _, found in sorted(happened, key=lambda each: each[0]):
        # "Accepted" has several words at the broker; a further part fill has other figures.
        steps += [step for step in found if (step.title, step.text) != (steps[-1].title, steps[-1].text)]
    if order.is_open:
        steps[-1] = replace(steps[-1], state="current")
        titles = {step.title for step in steps}
        coming = ["Filled"] if titles & {"Accepted", "Working", "Part filled"} else ["Accepted", "Filled"]
        steps += [TimelineStep(title, "upcoming") for title in coming]
    return steps


def _is_own(change: StatusChange, told: set[str]) -> bool:
    """Whether the broker's side does not tell of it: our status, a wish, or the refusal of the call."""
    if change.to_status == OrderStatus.SUBMITTING or change.reason == REVISED_NOTE:
        return False
    is_note = change.from_status == change.to_status
    return is_note or change.to_status in OURS or change.to_status not in told


def _own_steps(order: Order, change: StatusChange) -> list[TimelineStep]:
    if change.from_status == change.to_status:
        by = " by our staff" if change.actor == ActorKind.STAFF else ""
        return [TimelineStep(f"{change.reason}{by}", "done", change.at)]
    status = OrderStatus(change.to_status)
    text = change.reason
    if status == OrderStatus.UNKNOWN:
        text = CHECKING if order.status == OrderStatus.UNKNOWN else ASKED
    return [TimelineStep(status.label, _state(status), change.at, text)]


def _broker_steps(order: Order, step: OrderProgress) -> list[TimelineStep]:
    """A step's line; two if an execution was revised and the order has ended by that."""
    status = OrderStatus(step.status)
    filled = filled_text(order, step.filled_qty)
    text = step.reason if status in FAILED else ""
    if not text and status in HAS_QUANTITY and step.filled_qty:
        text = filled
    line = TimelineStep(status.label, _state(status), step.at, text)
    if step.kind not in REVISED:
        return [line]
    average = f" at {usd(step.filled_avg_price)} on average" if step.filled_avg_price else ""
    revised = TimelineStep(REVISED[OrderProgress.Kind(step.kind)], "done", step.at, f"{filled}{average}")
    return [revised, line] if status in FAILED else [revised]


def _state(status: OrderStatus) -> str:
    return "failed" if status in FAILED else "done"


def filled_text(order: Order, filled_qty: Decimal | None = None) -> str:
    """`0.2 of 0.42 shares`, or `0.2 shares` of an order in dollars; as filled now unless given."""
    filled = order.filled_qty if filled_qty is None else filled_qty
    return shares(filled) if order.qty is None else f"{quantity(filled)} of {shares(order.qty)}"


def first_steps(account: BrokerageAccount) -> list[TimelineStep]:
    """Approve, fund, buy: for a portfolio that is empty."""
    is_funded = account.cash > 0 or account.equity > 0
    done = [account.is_open, is_funded, False]
    titles = ["Get approved", "Add money", "Buy your first share"]
    current = done.index(False)
    return [
        TimelineStep(
            title,
            "done" if index < current or done[index] else "current" if index == current else "upcoming",
        )
        for index, title in enumerate(titles)
    ]
