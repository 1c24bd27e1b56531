"""Cases of support: what a person asks, the broker calls around it as they were then, and the answers."""

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import ApiCall
from brokerapp.security.encryption import EncryptedTextField
from brokerapp.support.statuses import CASE_TRANSITIONS, CaseStatus, Topic
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import StatusModel

BEFORE, AFTER = timedelta(minutes=30), timedelta(minutes=10)
"""The time around what a case is about in which the person's calls and steps belong to it."""


class CaseQuerySet(models.QuerySet["Case"]):
    """Reads of cases."""

    def waiting(self) -> "CaseQuerySet":
        """Cases that wait for staff, the longest waiting first."""
        return self.filter(status=CaseStatus.OPEN).order_by("status_at", "pk")


class Case(StatusModel):
    """One question of one person, and the conversation about it; kept as long as their records.

    `reference` is what they quoted, and `about_type` and `about_id` the row of theirs (or error page) that it
    was found to be, "" if none. `happened_at` is when that happened: calls around it are the case's.
    """

    TRANSITIONS = CASE_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="cases")
    account = models.ForeignKey(
        BrokerageAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="cases"
    )
    topic = models.CharField(max_length=12, choices=Topic)
    status = models.CharField(max_length=10, choices=CaseStatus, default=CaseStatus.OPEN)
    reference = models.CharField("reference quoted", max_length=64, blank=True, db_index=True)
    about_type = models.CharField("about", max_length=100, blank=True)
    about_id = models.CharField(max_length=64, blank=True)
    happened_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [
            models.Index(fields=["user", "-created_at"], name="case_of_person"),
            models.Index(fields=["status_at"], condition=models.Q(status=CaseStatus.OPEN), name="case_open"),
            models.Index(fields=["-created_at", "-id"], name="case_newest"),
        ]
        permissions = [("answer_case", "Can answer cases and close them")]

    def __str__(self) -> str:
        return f"case {self.pk}"

    @property
    def is_closed(self) -> bool:
        """Whether nobody waits for anybody."""
        return self.status == CaseStatus.CLOSED

    @property
    def begins_at(self) -> datetime:
        """From when on the person's calls and steps belong to it."""
        return self.happened_at - BEFORE

    @property
    def ends_at(self) -> datetime:
        """Until when they do."""
        return self.happened_at + AFTER

    def steps(self) -> "models.QuerySet[StatusChange]":
        """What the person did, and what became of it, in the time of the case; oldest first."""
        steps = StatusChange.objects.filter(person_id=self.user_id)
        return steps.filter(at__range=(self.begins_at, self.ends_at)).order_by("at", "id")


class CaseMessage(models.Model):
    """One message of a case, by its person or by staff. Its text may hold anything, so it is encrypted."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="messages")
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    by_staff = models.BooleanField(default=False)
    text = EncryptedTextField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "id"]
        indexes = [models.Index(fields=["case", "created_at"], name="message_of_case")]

    def __str__(self) -> str:
        return f"message {self.pk}"


class CaseCall(models.Model):
    """A broker call around a case, as the call log had it when the case was opened.

    The log forgets reads after some weeks, so what the broker's support asks for is kept here as well.
    """

    case = models.ForeignKey(Case, on_delete=models.CASCADE, related_name="calls")
    api_call_id = models.BigIntegerField("row of the call log")
    call_id = models.UUIDField("our call id")
    attempt = models.PositiveSmallIntegerField(default=1)
    is_about = models.BooleanField("about the row itself", default=False)
    request_id = models.CharField("Request ID", max_length=64, blank=True)
    method = models.CharField(max_length=7)
    path = models.CharField(max_length=200)
    http_status = models.PositiveSmallIntegerField("HTTP status", null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=ApiCall.Outcome)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    error_code = models.BigIntegerField(null=True, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    about_type = models.CharField(max_length=100, blank=True)
    about_id = models.CharField(max_length=64, blank=True)
    started_at = models.DateTimeField()

    class Meta:
        ordering = ["started_at", "api_call_id"]
        constraints = [models.UniqueConstraint(fields=["case", "api_call_id"], name="casecall_once")]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def reference(self) -> str:
        """The broker's Request ID or, where it never answered, our call id."""
        return self.request_id or str(self.call_id)
