"""The last sign of life of each queue."""

from django.contrib import admin
from django.utils import timezone

from brokerapp.health.models import Heartbeat
from brokerapp.health.services import LATE_AFTER
from brokerapp.ui.admin_pages import ReadOnlyAdmin


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """Whether the workers are at work, queue by queue."""

    list_display = ("name", "alive", "at")

    @admin.display(boolean=True, description="alive")
    def alive(self, heartbeat: Heartbeat) -> bool:
        """Whether the last heartbeat is recent."""
        return timezone.now() - heartbeat.at <= LATE_AFTER
