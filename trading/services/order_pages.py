"""What the page of one order shows: the whole story of its versions, its exits and its fills."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from brokerapp.broker.calls.models import ApiCall
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow.models import StatusChange, history_of
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


FIRST, SECOND = UUID(int=1), UUID(int=2)
"""Stand-ins for keys; of a story each query has its id twice."""


def _versions(first: UUID, again: UUID) -> QuerySet[Order]:
    versions = Order.objects.filter(Q(pk=first) | Q(original_id=again))
    return versions.select_related("asset", "parent__asset").order_by("created_at", "times_changed")


def _kin(order_id: UUID, parent_id: UUID) -> QuerySet[Order]:
    kin = Order.objects.current().filter(Q(parent_id=order_id) | Q(parent_id=parent_id))
    return kin.select_related("asset").order_by("type", "created_at")


find_versions = FixedQuery(_versions, FIRST, SECOND)
find_kin = FixedQuery(_kin, FIRST, SECOND)
"""The exits of an order, and of that whose exit it is."""
find_progress = FixedQuery(
    lambda first, again: OrderProgress.objects.filter(Q(order_id=first) | Q(order__original_id=again)),
    FIRST,
    SECOND,
)
find_fills = FixedQuery(
    lambda first, again: Fill.objects.standing().filter(Q(order_id=first) | Q(order__original_id=again)),
    FIRST,
    SECOND,
)


def get_story(order: Order) -> Story:
    """The story of an order, from any of its versions. Six queries however long it is."""
    story_id = order.story_id
    orders = {each.pk: each for each in find_versions(story_id, story_id)}
    latest = _latest(orders, order)
    told: dict[str, list[StatusChange]] = defaultdict(list)
    for change in history_of(list(orders.values())):
        told[change.row_id].append(change)
    said: dict[UUID, list[OrderProgress]] = defaultdict(list)
    for step in find_progress(story_id, story_id):
        said[step.order_id].append(step)
    versions = [Version(each, told[str(each.pk)], said[each.pk]) for each in orders.values()]
    group = find_kin(latest.pk, latest.parent_id or latest.pk)
    return Story(
        order=orders[order.pk],
        latest=latest,
        versions=versions,
        fills=find_fills(story_id, story_id),
        legs=[each for each in group if each.parent_id == latest.pk],
        pair=[each for each in group if latest.pk not in (each.parent_id, each.pk)],
        request_id=_request_id(latest, told[str(latest.pk)]),
    )


def _latest(orders: dict[UUID, Order], order: Order) -> Order:
    """The version that the broker took last; the order itself if none of its changes was taken."""
    taken = [each for each in orders.values() if each.broker_order_id is not None or not each.is_change]
    return max(taken, key=lambda each: each.times_changed) if taken else order


def _request_id(order: Order, told: list[StatusChange]) -> str:
    """Of the call that sent it. An event can be faster than its reply: then the first change has a read's."""
    sent_by = ApiCall.objects.request_id_of_write(order)
    if sent_by is not None:
        return sent_by
    return next((each.request_id for each in told if each.request_id), "")
