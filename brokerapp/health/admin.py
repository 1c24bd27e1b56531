"""The last sign of life of each queue, and the error pages that people were shown."""

from django.contrib import admin
from django.utils import timezone

from brokerapp.health.models import ErrorPage, Heartbeat
from brokerapp.health.services import LATE_AFTER
from brokerapp.ui.admin_pages import ReadOnlyAdmin, person_link


@admin.register(Heartbeat)
class HeartbeatAdmin(ReadOnlyAdmin):
    """Whether the workers are at work, queue by queue."""

    list_display = ("name", "alive", "at")

    @admin.display(boolean=True, description="alive")
    def alive(self, heartbeat: Heartbeat) -> bool:
        """Whether the last heartbeat is recent."""
        return timezone.now() - heartbeat.at <= LATE_AFTER


@admin.register(ErrorPage)
class ErrorPageAdmin(ReadOnlyAdmin):
    """What a person was shown who gives the reference of an error page; the log has the rest under it."""

    list_display = ("reference", "at", "status", "method", "route", "exception", "person")
    list_filter = ("status", "at")
    search_fields = ("reference", "route", "exception")
    search_exactly = False

    @admin.display(description="person")
    def person(self, page: ErrorPage) -> str:
        """The person who was signed in."""
        return person_link(page.user_id)
