"""What the page of one order shows: the whole story of its versions, its exits and its fills."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from brokerapp.broker.calls.models import ApiCall
from brokerapp.workflow.models import StatusChange
from trading import changes, timeline
from trading.models import Fill, Order, OrderProgress
from trading.timeline import Version


@dataclass(frozen=True)
class Story:
    """An order, the version of it that counts now, and everything told of all of them."""

    order: Order
    latest: Order
    versions: list[Version]
    fills: list[Fill]
    legs: list[Order]
    pair: list[Order]
    """The other exits of the order that this one is an exit of."""
    request_id: str
    """The broker's, of the call that placed or changed it."""

    @property
    def under_way(self) -> Order | None:
        """A change without a known outcome."""
        found = [each.order for each in self.versions if each.order.is_change]
        return next((order for order in found if order.status in changes.UNDER_WAY), None)

    @property
    def refused_change(self) -> Order | None:
        """The last change of the latest version, if the broker did not take it."""
        tried = [each.order for each in self.versions if each.order.replaces_id == self.latest.pk]
        return tried[-1] if tried and tried[-1].status not in changes.UNDER_WAY else None

    @property
    def filled_before(self) -> Decimal:
        """Shares that the versions before the latest have filled."""
        path = {each.order.pk: each.order for each in self.versions}
        total, order = Decimal(0), self.latest
        while order.replaces_id in path:
            order = path[order.replaces_id]
            total += order.filled_qty
        return total

    @property
    def is_moving(self) -> bool:
        """Whether anything of it may still change by itself, its exits and the other exit included."""
        kin = (self.latest, *self.legs, *self.pair)
        return any(each.is_open for each in kin) or any(each.order.is_unsettled for each in self.versions)

    def steps(self) -> list[Any]:
        """The timeline."""
        return timeline.story(self.versions, latest=self.latest)


def get_story(order: Order) -> Story:
    """The story of an order, from any of its versions. Eight queries however long it is."""
    story_id = order.story_id
    found = Order.objects.filter(Q(pk=story_id) | Q(original=story_id)).select_related(
        "asset", "parent__asset"
    )
    orders = {each.pk: each for each in found.order_by("created_at", "times_changed")}
    latest = _latest(orders, order)
    told = _history(orders)
    said: dict[UUID, list[OrderProgress]] = defaultdict(list)
    for step in OrderProgress.objects.filter(order__in=orders):
        said[step.order_id].append(step)
    versions = [Version(each, told[str(each.pk)], said[each.pk]) for each in orders.values()]
    kin = Q(parent=latest) | (Q(parent=latest.parent_id) if latest.parent_id else Q(pk__in=[]))
    group = list(Order.objects.current().filter(kin).select_related("asset").order_by("type", "created_at"))
    return Story(
        order=orders[order.pk],
        latest=latest,
        versions=versions,
        fills=list(Fill.objects.standing().filter(order__in=orders)),
        legs=[each for each in group if each.parent_id == latest.pk],
        pair=[each for each in group if latest.pk not in (each.parent_id, each.pk)],
        request_id=_request_id(latest, told[str(latest.pk)]),
    )


def _latest(orders: dict[UUID, Order], order: Order) -> Order:
    """The version that the broker took last; the order itself if none of its changes was taken."""
    taken = [each for each in orders.values() if each.broker_order_id is not None or not each.is_change]
    return max(taken, key=lambda each: each.times_changed) if taken else order


def _history(orders: Iterable[UUID]) -> dict[str, list[StatusChange]]:
    """The status history of each order, oldest first."""
    found: dict[str, list[StatusChange]] = defaultdict(list)
    label = Order._meta.label
    mine = StatusChange.objects.filter(row_type=label, row_id__in=[str(each) for each in orders])
    for change in mine.order_by("at", "id"):
        found[change.row_id].append(change)
    return found


def _request_id(order: Order, told: list[StatusChange]) -> str:
    """Of the call that sent it. An event can be faster than its reply: then the first change has a read's."""
    sent_by = ApiCall.objects.request_id_of_write(order)
    if sent_by is not None:
        return sent_by
    return next((each.request_id for each in told if each.request_id), "")
