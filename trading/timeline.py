"""An order's history, and a new customer's next steps, as `_partials/timeline.html` takes them. Pure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.timeline import TimelineStep
from brokerapp.units.money import quantity, shares, usd
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from trading.models import CANCEL_ASKED, CANCEL_REFUSED, REVISED_NOTE, Order, OrderProgress
from trading.statuses import FINAL_AT_BROKER, OURS, OrderStatus

FAILED = (OrderStatus.REJECTED, OrderStatus.NOT_PLACED, OrderStatus.CANCELED, OrderStatus.EXPIRED)
LOST = "The broker's reply did not reach us, so we ask it. It must not be sent again."
BUSTED = "Trade canceled by the exchange"
CORRECTED = "Trade corrected by the exchange"
REVISED = {OrderProgress.Kind.BUST: BUSTED, OrderProgress.Kind.CORRECT: CORRECTED}
HAS_QUANTITY = (OrderStatus.PARTIALLY_FILLED, *FINAL_AT_BROKER)
TOO_LATE = "it filled before the cancel arrived"
CHANGE_TITLES = {OrderStatus.REJECTED: "Change refused", OrderStatus.NOT_PLACED: "Change not made"}
"""Of a change that the broker does not have: the order that it was for goes on."""


@dataclass(frozen=True)
class Version:
    """An order, or a change of it, with its status history and what the broker said of it."""

    order: Order
    changes: Sequence[StatusChange] = ()
    progress: Sequence[OrderProgress] = field(default=())

    @property
    def cancels(self) -> list[datetime]:
        """When somebody wanted it canceled."""
        return [change.at for change in self.changes if _is_note(change) and change.reason == CANCEL_ASKED]


def order_steps(
    order: Order, changes: Iterable[StatusChange], progress: Iterable[OrderProgress]
) -> list[TimelineStep]:
    """The history of an order that was never changed; see `story`."""
    return story([Version(order, list(changes), list(progress))], latest=order)


def story(versions: Iterable[Version], *, latest: Order) -> list[TimelineStep]:
    """Sent, then what happened with the figures of its moment, then what is to come. Accepted is not filled.

    Of an order and every change of it that was tried, in the order of time; lines are added and none is
    rewritten. Of what the broker said `progress` tells; of our own statuses and of what was asked for,
    `changes`. `latest` is the version that counts now.
    """
    happened: list[tuple[datetime, list[TimelineStep]]] = []
    for version in versions:
        told = {step.status for step in version.progress}
        happened.append((version.order.created_at, [_first_step(version)]))
        happened += [(each.at, _own_steps(version, each)) for each in version.changes if _is_own(each, told)]
        happened += [(each.at, _broker_steps(version, each)) for each in version.progress]
    steps: list[TimelineStep] = []
    for _, found in sorted(happened, key=lambda each: each[0]):
        # "Accepted" has several words at the broker; a further part fill has other figures.
        steps += [
            step
            for step in found
            if not steps or (step.title, step.text) != (steps[-1].title, steps[-1].text)
        ]
    return [*_with_current(steps), *_to_come(steps)] if latest.is_open else steps


def _with_current(steps: list[TimelineStep]) -> list[TimelineStep]:
    """The last line as what is going on; one that failed stays so, as the order goes on without it."""
    last = steps[-1]
    return [*steps[:-1], replace(last, state="current")] if last.state == "done" else steps


def _to_come(steps: list[TimelineStep]) -> list[TimelineStep]:
    titles = {step.title for step in steps}
    coming = ["Filled"] if titles & {"Accepted", "Working", "Part filled"} else ["Accepted", "Filled"]
    return [TimelineStep(title, "upcoming") for title in coming]


def _first_step(version: Version) -> TimelineStep:
    order = version.order
    if order.is_change:
        asked = next((change for change in version.changes if not change.from_status), None)
        return TimelineStep("Change sent", "done", order.created_at, asked.reason if asked else "")
    return TimelineStep("Made with its order" if order.is_exit else "Sent", "done", order.created_at)


def _is_note(change: StatusChange) -> bool:
    """Whether it tells of something else than a step."""
    return change.from_status == change.to_status


def _is_own(change: StatusChange, told: set[str]) -> bool:
    """Whether the broker's side does not tell of it: our status, a wish, or the refusal of the call."""
    if change.to_status == OrderStatus.SUBMITTING or change.reason == REVISED_NOTE:
        return False
    return _is_note(change) or change.to_status in OURS or change.to_status not in told


def _own_steps(version: Version, change: StatusChange) -> list[TimelineStep]:
    if _is_note(change):
        if change.reason.startswith(CANCEL_REFUSED):
            title, _, words = change.reason.partition(": ")
            return [TimelineStep(title, "failed", change.at, words)]
        by = " by our staff" if change.actor == ActorKind.STAFF else ""
        return [TimelineStep(f"{change.reason}{by}", "done", change.at)]
    status = OrderStatus(change.to_status)
    title = CHANGE_TITLES.get(status, status.label) if version.order.is_change else status.label
    text = LOST if status == OrderStatus.UNKNOWN else change.reason
    return [TimelineStep(title, _state(status), change.at, text)]


def _broker_steps(version: Version, step: OrderProgress) -> list[TimelineStep]:
    """A step's line; two if an execution was revised and the order has ended by that."""
    status = OrderStatus(step.status)
    filled = filled_text(version.order, step.filled_qty, step.qty)
    text = step.reason if status in FAILED else ""
    if not text and status in HAS_QUANTITY and step.filled_qty:
        text = filled
    if status == OrderStatus.FILLED and any(at < step.at for at in version.cancels):
        text = f"{text or filled}: {TOO_LATE}"
    title = "Changed" if status == OrderStatus.REPLACED else status.label
    line = TimelineStep(title, _state(status), step.at, text)
    if step.kind not in REVISED:
        return [line]
    average = f" at {usd(step.filled_avg_price)} on average" if step.filled_avg_price else ""
    revised = TimelineStep(REVISED[OrderProgress.Kind(step.kind)], "done", step.at, f"{filled}{average}")
    return [revised, line] if status in FAILED else [revised]


def _state(status: OrderStatus) -> str:
    return "failed" if status in FAILED else "done"


def filled_text(order: Order, filled_qty: Decimal | None = None, qty: Decimal | None = None) -> str:
    """`0.2 of 0.42 shares`, or `0.2 shares` of an order in dollars; as it is now unless given."""
    filled = order.filled_qty if filled_qty is None else filled_qty
    wanted = order.qty if qty is None else qty
    return shares(filled) if wanted is None else f"{quantity(filled)} of {shares(wanted)}"


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
