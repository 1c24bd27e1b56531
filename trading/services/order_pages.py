"""What the page of one order shows: the whole story of its versions, its exits and its fills."""

from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q

from brokerapp.broker.calls.models import ApiCall
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow.models import StatusChange, history_of
from trading import changes, timeline
from trading.models import Fill, Order, OrderProgress
from trading.timeline import Version

KEY, OTHER_KEY = UUID(int=1), UUID(int=2)
"""Stand-ins."""
find_order = FixedQuery(
    lambda account_id, pk: Order.objects.filter(account=account_id, pk=pk), KEY, OTHER_KEY
)
find_versions = FixedQuery(
    lambda story_id, same: (
        Order.objects.filter(Q(pk=story_id) | Q(original=same))
        .select_related("asset", "parent__asset")
        .order_by("created_at", "times_changed")
    ),
    KEY,
    OTHER_KEY,
)
find_progress = FixedQuery(lambda keys: OrderProgress.objects.filter(order__pk__one_of=keys), [KEY])
find_fills = FixedQuery(lambda keys: Fill.objects.standing().filter(order__pk__one_of=keys), [KEY])
find_kin = FixedQuery(
    lambda key, parent_id: (
        Order.objects.current().filter(Q(parent=key) | Q(parent=parent_id)).order_by("type", "created_at")
    ),
    KEY,
    OTHER_KEY,
)
"""The exits of an order, and those of the order that it is an exit of."""


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
    """The story of an order, from any of its versions. Six queries however long it is."""
    orders = {each.pk: each for each in find_versions(order.story_id, order.story_id)}
    latest = _latest(orders, order)
    told: dict[str, list[StatusChange]] = defaultdict(list)
    for change in history_of(list(orders.values())):
        told[change.row_id].append(change)
    said: dict[UUID, list[OrderProgress]] = defaultdict(list)
    for step in find_progress(list(orders)):
        said[step.order_id].append(step)
    group = find_kin(latest.pk, latest.parent_id or latest.pk)
    return Story(
        order=orders[order.pk],
        latest=latest,
        versions=[Version(each, told[str(each.pk)], said[each.pk]) for each in orders.values()],
        fills=find_fills(list(orders)),
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
