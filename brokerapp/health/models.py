"""Signs of life, one row a queue, and the error pages that people were shown."""

from django.db import models


class Heartbeat(models.Model):
    """When a queue's workers last took a task that beat had sent a moment before: both were alive then."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class ErrorPage(models.Model):
    """An error page that somebody was shown, to be found by the reference on it. No personal data.

    The person is a number without a foreign key, so that the row outlives whoever it is about.
    """

    reference = models.CharField(max_length=16, unique=True)
    at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(help_text="HTTP status")
    method = models.CharField(max_length=10)
    route = models.CharField(max_length=200, blank=True, help_text="as in urls.py; empty: there is no such")
    exception = models.CharField(max_length=200, blank=True, help_text="its class")
    user_id = models.BigIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return self.reference
