"""The queues that staff work through: apps add theirs when they are ready, and the home of staff shows all.

queues.register(
    Queue("returns", "Deposits that came back", "operations", rows, "status_at",
          "funding_transfer", "returned=yes", "funding.view_transfer")
)
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, F, Min, QuerySet
from django.urls import reverse

MOST = 1000
"""Rows that are counted: who has more of them waiting does not work by the number."""


@dataclass(frozen=True)
class Queue:
    """What waits for somebody: which rows, since when, whose work it is, and the list that shows them.

    `rows` gives the rows that wait; `since` is the column that says from when on, and has an index with them.
    `page` is the list in the admin site (`funding_transfer`), or the whole name of a page of its own with a
    colon in it; `query` are the list's filters. Who has not got `permission` does not see it. `is_urgent`:
    somebody's money or account stands still meanwhile. `measured` counts them and tells since when the
    longest waits, where that is not one query over `rows`.
    """

    name: str
    title: str
    owner: str
    rows: Callable[[], QuerySet[Any]]
    since: str
    page: str
    query: str
    permission: str
    is_urgent: bool = True
    measured: Callable[[], tuple[int, datetime | None]] | None = None

    @property
    def url(self) -> str:
        """The list of these rows."""
        page = self.page if ":" in self.page else f"admin:{self.page}_changelist"
        return f"{reverse(page)}?{self.query}" if self.query else reverse(page)


@dataclass(frozen=True)
class Length:
    """How many wait in a queue (`MOST` and one for more than that), and since when the longest.

    `hands` has the name of each member of staff who has taken some of them, and how many.
    """

    queue: Queue
    count: int
    oldest: datetime | None
    hands: tuple[tuple[str, int], ...] = ()

    @property
    def in_words(self) -> str:
        """The count, or that it is more than was counted."""
        return f"over {MOST:,}" if self.count > MOST else f"{self.count:,}"


_queues: dict[str, Queue] = {}


def register(queue: Queue) -> None:
    """Add a queue; called when the apps are ready. The same name again takes the first one's place."""
    _queues[queue.name] = queue


def queues_of(user: AbstractBaseUser | AnonymousUser) -> list[Queue]:
    """The queues that somebody may look at, in the order in which they were added."""
    return [queue for queue in _queues.values() if user.has_perm(queue.permission)]  # type: ignore[union-attr]


def of_page(page: str) -> list[Queue]:
    """The queues whose rows the list `page` shows."""
    return [queue for queue in _queues.values() if queue.page == page]


def of_list(page: str, asked: Mapping[str, str]) -> list[Queue]:
    """The queues whose rows the list `page` shows when it is asked for with these filters, and maybe more."""
    return [
        queue
        for queue in of_page(page)
        if all(asked.get(name) == value for name, value in parse_qsl(queue.query))
    ]


def measure(queue: Queue) -> Length:
    """Count a queue's rows, the oldest first. One query, where the queue has no way of its own."""
    if queue.measured is not None:
        return Length(queue, *queue.measured())
    oldest = queue.rows().order_by(queue.since).values(waits_since=F(queue.since))[: MOST + 1]
    found = oldest.aggregate(count=Count("*"), oldest=Min("waits_since"))
    return Length(queue, found["count"], found["oldest"])
