"""What members of staff have in hand. No foreign keys: it is said of rows of every kind."""

from django.db import models
from django.utils import timezone


class InHand(models.Model):
    """One row, of any kind, that a member of staff has taken, until they give it back.

    Another may take it over. It stays with a row that leaves its queue: one that comes back is theirs again.
    """

    row_type = models.CharField(max_length=100)
    row_id = models.CharField(max_length=64)
    taken_by_id = models.BigIntegerField("taken by")
    taken_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ()
        permissions = [("take_row", "Can take in hand what waits for staff")]
        constraints = [models.UniqueConstraint(fields=["row_type", "row_id"], name="in_hand_of_one")]
        indexes = [models.Index(fields=["taken_by_id", "-taken_at"], name="in_hand_of_member")]

    def __str__(self) -> str:
        return f"{self.row_type} {self.row_id} in hand"
