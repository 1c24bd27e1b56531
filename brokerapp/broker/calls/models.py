"""Calls to the broker. No foreign keys: the log outlives what it is about."""

from datetime import timedelta

from django.db import models
from django.utils import timezone

from brokerapp.web.fixed_queries import FixedQuery

NEWEST = 2000
"""How many calls the list of paths is made of."""


def label_of(row: models.Model) -> str:
    """A row's model as the log names it: `funding.Transfer`."""
    return str(row._meta.label)


SENDING = ("POST", "PATCH")
"""The methods of calls that send a row of ours."""
UNDER_WAY_FOR = timedelta(minutes=2)
"""Longer than a call can take."""


class ApiCallQuerySet(models.QuerySet["ApiCall"]):
    """Reads of the call log."""

    def about(self, row: models.Model) -> "ApiCallQuerySet":
        """The calls made for a row."""
        return self.filter(about_type=label_of(row), about_id=str(row.pk))

    def request_id_of_write(self, row: models.Model) -> str | None:
        """The Request ID of the first answered call that sent a row; "" while one is under way, else None.

        A read can have changed the row since, or, after an event, before.
        """
        found = find_sends(label_of(row), str(row.pk))
        if answered := next((call.request_id for call in found if call.request_id), ""):
            return answered
        # What has not ended by then was cut off with its process.
        young = timezone.now() - UNDER_WAY_FOR
        is_under_way = any(call.finished_at is None and call.started_at > young for call in found)
        return "" if is_under_way else None

    def paths(self) -> list[str]:
        """The path templates of the newest calls, in order."""
        newest = self.order_by("-started_at", "-id").values_list("path", flat=True)[:NEWEST]
        return sorted(set(newest))

    def trouble(self) -> "ApiCallQuerySet":
        """The calls that were not done, or may not have been."""
        return self.exclude(outcome=ApiCall.Outcome.OK)

    def without_access(self) -> "ApiCallQuerySet":
        """The calls for which the broker did not accept our key or our address."""
        return self.filter(
            outcome=ApiCall.Outcome.NOT_DONE, http_status__in=(401, 403), error_code__isnull=True
        )


class ApiCall(models.Model):
    """One attempt of one call to the broker: written before it is made, completed after it.

    A row that stays IN_FLIGHT was left by a process that died in mid-call. `path` is a template; queries,
    bodies and personal data are never kept.

    The table is partitioned by weeks of `started_at` (`brokerapp.broker.calls.partitions`): an update names
    that too, or it looks through every week.
    """

    class Outcome(models.TextChoices):
        """What became of the attempt, in the words of `brokerapp.broker.alpaca.records.Outcome`."""

        IN_FLIGHT = "IN_FLIGHT", "No reply recorded"
        OK = "OK", "Done"
        NOT_DONE = "NOT_DONE", "Not done"
        UNKNOWN = "UNKNOWN", "Unknown"

    QUIET = models.Q(method="GET", outcome="OK")
    """Reads that went well: most are polls, and they are most of the log."""

    call_id = models.UUIDField("our call id", editable=False)
    attempt = models.PositiveSmallIntegerField(default=1)
    request_id = models.CharField("Request ID", max_length=64, blank=True)
    method = models.CharField(max_length=7)
    path = models.CharField(max_length=200)
    account_id = models.UUIDField("broker account", null=True, blank=True)
    http_status = models.PositiveSmallIntegerField("HTTP status", null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.IN_FLIGHT)
    milliseconds = models.PositiveIntegerField(null=True, blank=True)
    error_code = models.BigIntegerField(null=True, blank=True)
    error_message = models.CharField(max_length=500, blank=True)
    about_type = models.CharField(max_length=100, blank=True)
    about_id = models.CharField(max_length=64, blank=True)
    person_id = models.BigIntegerField("person", null=True, blank=True)
    asked_by_id = models.BigIntegerField(
        "asked for by", null=True, blank=True, help_text="where that is not the person it is about"
    )
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = ApiCallQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at", "-id"]
        verbose_name = "API call"
        constraints = [
            models.UniqueConstraint(fields=["call_id", "attempt", "started_at"], name="apicall_attempt_once"),
            models.CheckConstraint(
                condition=models.Q(finished_at__isnull=False) | models.Q(outcome="IN_FLIGHT"),
                name="apicall_ended_has_time",
            ),
        ]
        indexes = [
            models.Index(fields=["-started_at", "-id"], name="apicall_time"),
            models.Index(fields=["request_id"], name="apicall_request", condition=~models.Q(request_id="")),
            models.Index(
                fields=["person_id", "-started_at"],
                name="apicall_person",
                condition=models.Q(person_id__isnull=False),
            ),
            models.Index(
                fields=["account_id", "-started_at"],
                name="apicall_account",
                condition=models.Q(account_id__isnull=False),
            ),
            models.Index(
                fields=["about_id", "-started_at"], name="apicall_about", condition=~models.Q(about_id="")
            ),
            models.Index(
                fields=["outcome", "-started_at"], name="apicall_trouble", condition=~models.Q(outcome="OK")
            ),
            models.Index(
                fields=["-started_at", "-id"],
                name="apicall_told",
                condition=~models.Q(method="GET", outcome="OK"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def reference(self) -> str:
        """What a person quotes to us: the Request ID or, where the broker never answered, our call id."""
        return self.request_id or str(self.call_id)


def _sends(about_type: str, about_id: str) -> "models.QuerySet[ApiCall]":
    calls = ApiCall.objects.filter(about_type=about_type, about_id=about_id, method__in=SENDING)
    return calls.order_by("started_at")


find_sends = FixedQuery(_sends, "stand-in type", "stand-in id")
"""The calls that send a row, by its model's label and its id, in a list, oldest first."""
