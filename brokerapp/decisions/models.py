"""A decision of staff about a row, by two people. No foreign keys: the record outlives who decided."""

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from brokerapp.workflow.state import StatusModel


class DecisionStatus(models.TextChoices):
    """How far a decision has come."""

    PROPOSED = "PROPOSED", "Waits for a second person"
    CONFIRMED = "CONFIRMED", "Confirmed and done"
    TURNED_DOWN = "TURNED_DOWN", "Turned down"


class StaffDecision(StatusModel):
    """What a member of staff proposes to do about a row, why, and whom it was decided by. Kept for good.

    `what` is the name under which a package has registered what is done (`services.register`).
    """

    TRANSITIONS = {
        DecisionStatus.PROPOSED: frozenset({DecisionStatus.CONFIRMED, DecisionStatus.TURNED_DOWN}),
        DecisionStatus.CONFIRMED: frozenset(),
        DecisionStatus.TURNED_DOWN: frozenset(),
    }

    what = models.CharField(max_length=40)
    row_type = models.CharField("about", max_length=100)
    row_id = models.CharField(max_length=64)
    person_id = models.BigIntegerField("person", null=True, blank=True)
    status = models.CharField(max_length=20, choices=DecisionStatus, default=DecisionStatus.PROPOSED)
    value = models.CharField(
        "which", max_length=64, blank=True, help_text="what the decision names besides the row, an id say"
    )
    reason = models.CharField(max_length=500)
    proposed_by_id = models.BigIntegerField("proposed by")
    decided_by_id = models.BigIntegerField("decided by", null=True, blank=True)
    created_at = models.DateTimeField("proposed at", default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        default_permissions = ("view",)
        permissions = [
            ("propose_staffdecision", "Can propose a decision on money"),
            ("confirm_staffdecision", "Can confirm or turn down what somebody else proposed"),
        ]
        indexes = [
            models.Index(fields=["row_id"], name="decision_row"),
            models.Index(fields=["status", "created_at"], name="decision_waiting"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["what", "row_type", "row_id"],
                condition=Q(status=DecisionStatus.PROPOSED),
                name="decision_proposed_once",
            ),
            models.CheckConstraint(
                condition=~Q(status=DecisionStatus.CONFIRMED)
                | (Q(decided_by_id__isnull=False) & ~Q(decided_by_id=F("proposed_by_id"))),
                name="decision_takes_two",
            ),
        ]

    @property
    def user_id(self) -> int | None:  # type: ignore[override]
        """Nobody's: the pages of the person whom it is about are not told of its steps."""
        return None

    def __str__(self) -> str:
        return f"decision {self.pk}"
