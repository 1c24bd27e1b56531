"""A person's inbox: what they were told, and how much of it they have not read."""

from collections.abc import Collection
from datetime import datetime

from django.db import models, transaction
from django.db.models import Count, IntegerField, OuterRef, Subquery
from django.db.models.functions import Coalesce

from brokerapp.accounts.models import User
from brokerapp.notices.kinds import Category, kinds_of
from brokerapp.notices.models import Notice


def recount(user_ids: Collection[int]) -> None:
    """Write down how many notices each person has not read, where every page can see it without asking.

    Counted anew each time, so that a figure that was wrong does not stay so.
    """
    mine = Notice.objects.filter(user_id=OuterRef("pk"), read_at__isnull=True)
    unread = mine.order_by().values("user_id").annotate(found=Count("pk")).values("found")
    counted = Coalesce(Subquery(unread, output_field=IntegerField()), 0)
    people = User.objects.filter(pk__in=user_ids)
    with transaction.atomic():
        # First, as a count is of when its statement began, without what others wrote while it waited.
        list(people.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))
        people.update(unread_notices=counted)


def notices_of(user_id: int, category: Category | None, *, only_unread: bool) -> "models.QuerySet[Notice]":
    """A person's notices, newest first, narrowed."""
    found = Notice.objects.filter(user_id=user_id)
    if category is not None:
        found = found.filter(kind__in=kinds_of(category))
    return found.filter(read_at__isnull=True) if only_unread else found


def mark_read(*, user_id: int, now: datetime, notice_id: int | None = None) -> None:
    """Note that one notice was read, or all of them."""
    unread = Notice.objects.filter(user_id=user_id, read_at__isnull=True)
    if notice_id is not None:
        unread = unread.filter(pk=notice_id)
    with transaction.atomic():
        unread.update(read_at=now)
        recount({user_id})


def mark_unread(*, user_id: int, notice_id: int) -> None:
    """Note that a notice is to be looked at again."""
    with transaction.atomic():
        Notice.objects.filter(user_id=user_id, pk=notice_id).update(read_at=None)
        recount({user_id})
