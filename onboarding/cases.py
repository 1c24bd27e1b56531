"""What comes after an application was sent: answers to the broker's questions, and the work of staff on it.

Members of staff are kept by number, as in the status history: it outlives their accounts.
"""

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.security.encryption import EncryptedJSONField, EncryptedTextField
from brokerapp.workflow.state import StatusModel
from brokerapp.workflow.writes import SentModel
from onboarding.statuses import ANSWER_TRANSITIONS, PAPER_TRANSITIONS, AnswerStatus, PaperStatus

APPLICATION = "onboarding.KycApplication"


class KycAnswer(SentModel):
    """What a person answered to one of the broker's questions, sent with `PATCH /v1/accounts/{id}`."""

    TRANSITIONS = ANSWER_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(APPLICATION, on_delete=models.PROTECT, related_name="kyc_answers")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="kyc_answers")
    status = models.CharField(max_length=20, choices=AnswerStatus, default=AnswerStatus.SUBMITTING)
    code = models.CharField(max_length=100, help_text="the KYC result that it answers")
    asked_as = models.CharField(
        max_length=20, blank=True, help_text="the part of the results that the code was in"
    )
    answers = EncryptedJSONField(default=dict)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = "KYC answer"
        indexes = [
            models.Index(fields=["status", "send_after"]),
            models.Index(fields=["application", "created_at"]),
        ]

    def __str__(self) -> str:
        return f"answer {self.pk}"


class CipRecord(SentModel):
    """How our own staff made sure who somebody is, for `POST /v1/accounts/{id}/cip`."""

    TRANSITIONS = ANSWER_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.OneToOneField(APPLICATION, on_delete=models.PROTECT, related_name="cip")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    status = models.CharField(max_length=20, choices=AnswerStatus, default=AnswerStatus.SUBMITTING)
    approved_by_id = models.BigIntegerField("approved by")
    approved_at = models.DateTimeField()
    reason = models.CharField(max_length=500)

    class Meta:
        verbose_name = "CIP record"
        indexes = [models.Index(fields=["status", "send_after"])]

    def __str__(self) -> str:
        return f"CIP record {self.pk}"


class StaffRequest(models.Model):
    """What staff ask of an applicant; it is open until the person answers."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(APPLICATION, on_delete=models.PROTECT, related_name="staff_requests")
    reasons = ArrayField(models.CharField(max_length=30))
    text = EncryptedTextField(blank=True)
    asked_by_id = models.BigIntegerField("asked by")
    asked_at = models.DateTimeField(default=timezone.now)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["application"], name="staffrequest_open", condition=Q(answered_at=None))
        ]

    def __str__(self) -> str:
        return f"request {self.pk}"


class WordKind(models.TextChoices):
    """Who wrote it, and what for. What people write waits for staff until it is settled."""

    NOTE = "NOTE", "Note"
    REPLY = "REPLY", "Answer for staff"
    APPEAL = "APPEAL", "Appeal"


class Word(models.Model):
    """Something that was written about an application: a note of staff, or words of the person for them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(APPLICATION, on_delete=models.PROTECT, related_name="words")
    kind = models.CharField(max_length=10, choices=WordKind)
    code = models.CharField(max_length=100, blank=True, help_text="what it answers")
    text = EncryptedTextField()
    by_id = models.BigIntegerField("by")
    at = models.DateTimeField(default=timezone.now)
    settled_at = models.DateTimeField(null=True, blank=True)
    settled_by_id = models.BigIntegerField("settled by", null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(settled_at__isnull=True, settled_by_id__isnull=True)
                | Q(settled_at__isnull=False, settled_by_id__isnull=False),
                name="word_settled_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(kind=WordKind.APPEAL, settled_at=None),
                name="word_one_open_appeal",
            ),
        ]
        indexes = [
            models.Index(fields=["application", "at"]),
            models.Index(
                fields=["at"],
                name="word_waits",
                condition=Q(kind__in=(WordKind.REPLY, WordKind.APPEAL), settled_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"word {self.pk}"


class Attempt(models.Model):
    """The answers of an application as they were sent, to tell later what was changed.

    `answers` are page, question and answer in words, as the person checked them: of a tax id the last four.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(APPLICATION, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)
    answers = EncryptedJSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "number"], name="attempt_numbered_once"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of {self.application_id}"


class DuePaper(StatusModel):
    """That a paper of an account's owner ends, and that they were asked for a new one: once for each day.

    `part` is the one of the profile where the new paper is given.
    """

    TRANSITIONS = PAPER_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="due_papers")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="due_papers")
    status = models.CharField(max_length=10, choices=PaperStatus, default=PaperStatus.ASKED)
    part = models.CharField(max_length=30, help_text="of the profile")
    ends_on = models.DateField()
    created_at = models.DateTimeField("asked for since", default=timezone.now)

    class Meta:
        verbose_name = "paper that ends"
        verbose_name_plural = "papers that end"
        constraints = [
            models.UniqueConstraint(fields=["account", "part", "ends_on"], name="paper_asked_for_once"),
        ]

    def __str__(self) -> str:
        return f"{self.part} that ends on {self.ends_on}"
