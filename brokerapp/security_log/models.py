"""The security log. No foreign keys: it outlives what it is about. Nothing is written to it but new rows."""

from datetime import datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Max, Min, Q
from django.utils import timezone

from brokerapp.security_log.kinds import Kind


class SecurityEventQuerySet(models.QuerySet["SecurityEvent"]):
    """Reads of the security log."""

    def about(self, row: models.Model) -> "SecurityEventQuerySet":
        """What happened to a row, newest first."""
        return self.filter(object_type=str(row._meta.label), object_id=str(row.pk))

    def datetimes(  # type: ignore[override]
        self, field_name: str, kind: str, order: str = "ASC", tzinfo: Any = None
    ) -> list[datetime]:
        """The years, months or days between the first event and the last, in local time.

        Django's own reads every row for them. `ASC` is the only order that the admin site asks for.
        """
        ends = self.aggregate(first=Min(field_name), last=Max(field_name))
        if ends["first"] is None:
            return []
        period = _start_of(timezone.localtime(ends["first"]), kind)
        last = timezone.localtime(ends["last"])
        found = []
        while period <= last:
            found.append(period)
            period = _start_of(period + LONGEST[kind], kind)
        return found


LONGEST = {"year": timedelta(days=366), "month": timedelta(days=31), "day": timedelta(days=1, hours=2)}
"""No period is longer; the start of the one in which it ends is the start of the next."""


def _start_of(at: datetime, kind: str) -> datetime:
    smaller = {"year": {"month": 1, "day": 1}, "month": {"day": 1}, "day": {}}[kind]
    return at.replace(**smaller, hour=0, minute=0, second=0, microsecond=0)  # type: ignore[arg-type]


class SecurityEvent(models.Model):
    """One thing that somebody did, or tried. Kept for good: the database refuses to change or delete it.

    People are numbers, as in every log here. `session` is a keyed hash of the session's key: it says which
    events belong together, and opens nothing.
    """

    at = models.DateTimeField("time", default=timezone.now, editable=False)
    kind = models.CharField(max_length=40, editable=False)
    person_id = models.BigIntegerField("person", null=True, blank=True, editable=False)
    staff_id = models.BigIntegerField("staff", null=True, blank=True, editable=False)
    ip = models.GenericIPAddressField("IP address", null=True, blank=True, editable=False)
    session = models.CharField(max_length=16, blank=True, editable=False)
    reference = models.CharField(max_length=16, blank=True, editable=False, help_text="of the request")
    object_type = models.CharField(max_length=100, blank=True, editable=False)
    object_id = models.CharField(max_length=64, blank=True, editable=False)
    reason = models.CharField(max_length=500, blank=True, editable=False)
    detail = models.JSONField(default=dict, blank=True, editable=False)

    objects = SecurityEventQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["-at", "-id"], name="securityevent_time"),
            models.Index(fields=["kind", "-at"], name="securityevent_kind"),
            models.Index(
                fields=["person_id", "-at"], name="securityevent_person", condition=Q(person_id__isnull=False)
            ),
            models.Index(
                fields=["staff_id", "-at"], name="securityevent_staff", condition=Q(staff_id__isnull=False)
            ),
            models.Index(
                fields=["object_id", "-at"], name="securityevent_object", condition=~Q(object_id="")
            ),
            models.Index(fields=["ip", "-at"], name="securityevent_ip", condition=Q(ip__isnull=False)),
            models.Index(fields=["session"], name="securityevent_session", condition=~Q(session="")),
            models.Index(fields=["reference"], name="securityevent_reference", condition=~Q(reference="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.pk}"

    @property
    def label(self) -> str:
        """What happened, in words."""
        return str(Kind(self.kind).label) if self.kind in Kind.values else self.kind
