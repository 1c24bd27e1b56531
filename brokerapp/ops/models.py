"""What staff keep for themselves: notes about people, and views of lists that they come back to."""

import uuid

from django.db import models
from django.utils import timezone

from brokerapp.security.encryption import EncryptedTextField


class StaffNote(models.Model):
    """What a member of staff wrote down about a person, for other staff: never changed, forgotten with them.

    No foreign keys, as of a log. The text is encrypted, since it may hold what the person said of themselves.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person_id = models.BigIntegerField("person")
    written_by_id = models.BigIntegerField("written by")
    text = EncryptedTextField()
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_permissions = ("add", "view")
        indexes = [models.Index(fields=["person_id", "-at"], name="note_of_person")]

    def __str__(self) -> str:
        return f"note {self.pk}"


class SavedView(models.Model):
    """A list with its filters, under a name that a member of staff gave it; theirs alone."""

    person_id = models.BigIntegerField("whose")
    page = models.CharField(max_length=100, help_text="the list, as `app_model`")
    name = models.CharField(max_length=40)
    query = models.CharField(max_length=500, help_text="its filters, as in the address")

    class Meta:
        default_permissions = ()
        constraints = [
            models.UniqueConstraint(fields=["person_id", "page", "name"], name="saved_view_named_once")
        ]

    def __str__(self) -> str:
        return f"view {self.pk}"
