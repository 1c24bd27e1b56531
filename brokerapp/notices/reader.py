"""The status history read for what people are told, and each told once: a notice in the inbox, and a mail."""

from collections.abc import Iterable
from typing import Any

from django.db import models
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.mailing.models import MailStatus
from brokerapp.notices import digests, inbox
from brokerapp.notices.kinds import ALWAYS_MAILED, WORDS, Category, NoticeKind
from brokerapp.notices.models import Fills, Notice, NoticePreferences
from brokerapp.notices.table import TABLE, told_of
from brokerapp.workflow import outbox
from brokerapp.workflow.models import StatusChange

READER = "notices"


def write_notices(changes: Iterable[StatusChange]) -> None:
    """Write the notices that changes make, one for each change however often it is read; sends nothing.

    In the transaction that moves the reader's cursor: one reader is at work at a time.
    """
    changes = list(changes)
    found = [notice for model in TABLE for notice in _notices_of(model, changes)]
    known = set(
        Notice.objects.filter(change_id__in=[notice.change_id for notice in found]).values_list(
            "change_id", flat=True
        )
    )
    new = sorted(
        (notice for notice in found if notice.change_id not in known), key=lambda each: each.change_id
    )
    if not new:
        return
    now = timezone.now()
    for notice in new:
        notice.next_try_at = now  # mailed in the order in which it happened
    _choose_mails(new)
    Notice.objects.bulk_create(new, ignore_conflicts=True)
    inbox.recount({notice.user_id for notice in new})


def _notices_of(model: type[models.Model], changes: list[StatusChange]) -> list[Notice]:
    label = model._meta.label
    of_model = [change for change in changes if change.row_type == label]
    if not of_model:
        return []
    found = model._default_manager.filter(pk__in={change.row_id for change in of_model})
    if any(field.name == "account" for field in model._meta.fields):
        found = found.select_related("account")  # whose person it is, of some
    rows: dict[str, Any] = {str(row.pk): row for row in found}
    told = [(change, rows[change.row_id]) for change in of_model if change.row_id in rows]
    return [
        Notice(
            user_id=row.pk if isinstance(row, User) else row.user_id,
            kind=kind,
            row_type=label,
            row_id=change.row_id,
            change_id=change.pk,
            created_at=change.at,
        )
        for change, row in told
        if (kind := told_of(change, model, row)) is not None
    ]


def _choose_mails(notices: list[Notice]) -> None:
    """Say of each whether it is mailed at once, together with others, or not at all."""
    people = {notice.user_id for notice in notices}
    preferences = NoticePreferences.objects.in_bulk(people)
    for notice in notices:
        wanted = preferences.get(notice.user_id) or NoticePreferences(user_id=notice.user_id)
        if notice.kind == NoticeKind.ORDER_FILLED and wanted.fills in (Fills.MINUTES, Fills.DAY):
            notice.digest = digests.open_digest(notice.user_id, Fills(wanted.fills))
            notice.status = MailStatus.NOT_MAILED
        elif not is_mailed(NoticeKind(notice.kind), wanted):
            notice.status = MailStatus.NOT_MAILED


def is_mailed(kind: NoticeKind, wanted: NoticePreferences) -> bool:
    """Whether a kind is a mail of its own for somebody with these preferences."""
    words = WORDS[kind]
    if words.mailed_apart:
        return False
    if words.category in ALWAYS_MAILED:
        return True
    if kind == NoticeKind.ORDER_FILLED:
        return wanted.fills == Fills.EACH
    by_category = {
        Category.MONEY: wanted.money,
        Category.ORDERS: wanted.orders,
        Category.HELP: wanted.help,
    }
    return by_category[words.category]


def read_history() -> int:
    """Read what the status history has that was not read yet; how many changes there were.

    The first time it is only noted where the history ends: nobody is told of what happened before.
    """
    outbox.start_reader(READER)
    total = 0
    while read := outbox.read(READER, write_notices):
        total += read
    return total
