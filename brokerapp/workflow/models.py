"""Every change of a status, which is also the outbox, and how far each reader of it has come.

No foreign keys: the history outlives what it is about.
"""

from collections.abc import Sequence

from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.broker.calls.models import label_of
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.web.fixed_writes import insert
from brokerapp.workflow.actors import Actor, ActorKind


class CurrentTransaction(models.Func):
    """The id of the database transaction that runs the statement, which only ever grows."""

    template = "pg_current_xact_id()::text::bigint"
    output_field = models.BigIntegerField()
    arity = 0


class OldestRunningTransaction(models.Func):
    """The id below which every transaction has ended: what they wrote is all there to be read."""

    template = "pg_snapshot_xmin(pg_current_snapshot())::text::bigint"
    output_field = models.BigIntegerField()
    arity = 0


class StatusChangeQuerySet(models.QuerySet["StatusChange"]):
    """Reads of the status history."""

    def about(self, row: models.Model) -> "StatusChangeQuerySet":
        """A row's history, oldest first."""
        return self.filter(row_type=label_of(row), row_id=str(row.pk)).order_by("at", "id")


class StatusChange(models.Model):
    """One step of one row's status. Kept as long as the business records it belongs to."""

    row_type = models.CharField(max_length=100)
    row_id = models.CharField(max_length=64)
    person_id = models.BigIntegerField("person", null=True, blank=True)
    from_status = models.CharField(max_length=40, blank=True)
    to_status = models.CharField(max_length=40)
    actor = models.CharField("by", max_length=10, choices=ActorKind)
    actor_id = models.BigIntegerField("by whom", null=True, blank=True)
    reason = models.CharField(max_length=500, blank=True)
    request_id = models.CharField("Request ID", max_length=64, blank=True)
    at = models.DateTimeField(default=timezone.now)
    # Ids are given out before the commit, so the order of ids is not the order in which rows appear.
    transaction_id = models.BigIntegerField(db_default=CurrentTransaction(), editable=False)

    objects = StatusChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor__in=(ActorKind.PERSON, ActorKind.STAFF), actor_id__isnull=False)
                | (~Q(actor__in=(ActorKind.PERSON, ActorKind.STAFF)) & Q(actor_id__isnull=True)),
                name="statuschange_actor_named",
            )
        ]
        indexes = [
            models.Index(fields=["row_type", "row_id", "at"], name="statuschange_row"),
            models.Index(fields=["row_id", "at"], name="statuschange_row_id"),
            models.Index(fields=["person_id", "-at"], name="statuschange_person"),
            models.Index(fields=["request_id"], name="statuschange_request", condition=~Q(request_id="")),
            models.Index(fields=["-at", "-id"], name="statuschange_time"),
            models.Index(fields=["transaction_id", "id"], name="statuschange_outbox"),
        ]

    def __str__(self) -> str:
        return f"{self.row_type} {self.row_id}: {self.from_status or 'new'} to {self.to_status}"

    @classmethod
    def record(
        cls,
        row: models.Model,
        to: str,
        actor: Actor,
        reason: str = "",
        request_id: str = "",
        from_status: str | None = None,
        person_id: int | None = None,
    ) -> "StatusChange":
        """Write the step that `row`, still holding its old status, is taking; in the caller's transaction.

        `from_status` is "" for a row that is new. `person_id` names whose it is where the row does not.
        """
        made = cls(
            row_type=label_of(row),
            row_id=str(row.pk),
            person_id=person_id or getattr(row, "user_id", None),
            from_status=getattr(row, "status", "") if from_status is None else from_status,
            to_status=to,
            actor=actor.kind,
            actor_id=actor.user_id,
            reason=reason[:500],
            request_id=request_id,
        )
        insert(made)
        return made


find_history = FixedQuery(
    lambda row_type, keys: StatusChange.objects.filter(row_type=row_type, row_id__one_of=keys).order_by(
        "at", "id"
    ),
    "a stand-in",
    ["another"],
)


def history_of(rows: Sequence[models.Model]) -> list[StatusChange]:
    """The history of some rows of one model, oldest first. One query, if there are any."""
    return find_history(label_of(rows[0]), [str(row.pk) for row in rows]) if rows else []


class OutboxCursor(models.Model):
    """How far one reader has read the status history; see `brokerapp.workflow.outbox`."""

    reader = models.CharField(max_length=40, primary_key=True)
    transaction_id = models.BigIntegerField(default=0)
    change_id = models.BigIntegerField(default=0)
    read_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return self.reader
