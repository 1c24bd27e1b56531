"""Signs of life, one row a queue."""

from django.db import models


class Heartbeat(models.Model):
    """When a queue's workers last took a task that beat had sent a moment before: both were alive then."""

    name = models.CharField(max_length=20, primary_key=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name
