"""The events, and how far each stream is followed: to read and search, and to handle an event again."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from brokerapp.broker.streams.models import StreamCursor
from brokerapp.events import services
from brokerapp.events.models import UNREADABLE, BrokerEvent
from brokerapp.ui.admin_pages import ReadOnlyAdmin


class HandledFilter(admin.SimpleListFilter):
    """By what became of it."""

    title = "outcome"
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [
            ("waiting", "waiting"),
            ("failing", "waiting after a failure"),
            ("given-up", "given up"),
            (UNREADABLE, "unreadable"),
        ]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        if self.value() == "waiting":
            return queryset.filter(handled_at__isnull=True)
        if self.value() == "failing":
            return queryset.filter(handled_at__isnull=True).exclude(error="")
        if self.value() == "given-up":
            return queryset.readable().filter(handled_at__isnull=False).exclude(error="")
        if self.value() == UNREADABLE:
            return queryset.filter(outcome=UNREADABLE)
        return queryset


@admin.register(BrokerEvent)
class BrokerEventAdmin(ReadOnlyAdmin):
    """Every event, as stored."""

    list_display = (
        "received_at",
        "stream",
        "event_id",
        "account_id",
        "handled_at",
        "outcome",
        "attempts",
        "error",
    )
    list_filter = ("stream", HandledFilter, "received_at")
    search_fields = ("=event_id", "=account_id")
    search_help_text = "Event ID, or account ID at Alpaca"
    date_hierarchy = "received_at"
    ordering = ("-received_at",)
    show_full_result_count = False
    list_per_page = 50
    actions = ("retry",)

    def has_retry_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may have events handled again."""
        return request.user.has_perm("events.change_brokerevent")

    @admin.action(permissions=["retry"], description="Handle again")
    def retry(self, request: HttpRequest, queryset: QuerySet[BrokerEvent]) -> None:
        for event in queryset:
            services.retry_event(event=event, by=request.user)
        self.message_user(request, "They are being handled.")


@admin.register(StreamCursor)
class StreamCursorAdmin(ReadOnlyAdmin):
    """Whether news reach us, stream by stream."""

    list_display = (
        "stream",
        "live",
        "connected_at",
        "last_seen_at",
        "last_event_at",
        "reconnects",
        "problem",
    )

    @admin.display(boolean=True, description="live")
    def live(self, cursor: StreamCursor) -> bool:
        """Whether bytes came within the last minute."""
        return cursor.is_live(timezone.now())
