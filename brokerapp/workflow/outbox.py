"""The status history read as an outbox: each reader is told of each committed change once, in order."""

from collections.abc import Callable, Iterable

from django.db import connection, transaction
from django.db.models import F, Max, Q
from django.utils import timezone

from brokerapp.workflow.models import OldestRunningTransaction, OutboxCursor, StatusChange

BATCH = 200

Handle = Callable[[Iterable[StatusChange]], None]


def start_reader(reader: str) -> None:
    """Have a reader that is new begin with what happens from now on."""
    newest = StatusChange.objects.order_by("-transaction_id", "-id").first()
    OutboxCursor.objects.get_or_create(
        reader=reader,
        defaults={"transaction_id": newest.transaction_id, "change_id": newest.pk} if newest else {},
    )


def count_anew() -> int:
    """Lower the numbers of transactions below those to come, in their order; by how many.

    After the database was restored into another cluster, which counts its transactions anew: every change to
    come would else stand before what the readers have had, and none would be told.
    """
    newest = Max("transaction_id", default=0)
    known = max(model.objects.aggregate(newest=newest)["newest"] for model in (StatusChange, OutboxCursor))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        (current,) = cursor.fetchone()
        ahead = max(known - current + 1, 0)
        if ahead:
            for model in (StatusChange, OutboxCursor):
                model.objects.update(transaction_id=F("transaction_id") - ahead)
    return ahead


def read(reader: str, handle: Handle, *, most: int = BATCH) -> int:
    """Give a reader the changes it has not had, oldest first, and move its cursor on; how many there were.

    `handle` runs in the transaction that moves the cursor, so what it writes is written once; where it
    raises, the cursor stays. A call that finds the reader at work elsewhere does nothing. Changes of
    transactions that still run are left for later, and so is everything after them.
    """
    with transaction.atomic(durable=True):
        cursor = (
            OutboxCursor.objects.select_for_update(skip_locked=True, no_key=True).filter(pk=reader).first()
        )
        if cursor is None:
            return 0
        after = Q(transaction_id__gt=cursor.transaction_id) | Q(
            transaction_id=cursor.transaction_id, pk__gt=cursor.change_id
        )
        ended = Q(transaction_id__lt=OldestRunningTransaction())
        changes = list(StatusChange.objects.filter(after, ended).order_by("transaction_id", "pk")[:most])
        if changes:
            handle(changes)
            cursor.transaction_id, cursor.change_id = changes[-1].transaction_id, changes[-1].pk
            cursor.read_at = timezone.now()
            cursor.save()
    return len(changes)
