"""The activities in admin: to read and to search, never to change."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from brokerapp.activities.models import Activity
from brokerapp.activities.words import code_of, title_of
from brokerapp.ui.admin_pages import ReadOnlyAdmin, WordsFilter, as_uuid


@admin.register(Activity)
class ActivityAdmin(ReadOnlyAdmin):
    """Every activity, found by its id, its order, its transfer or its Request ID."""

    list_display = ("at", "account", "what", "code", "symbol", "qty", "net_amount", "status")
    list_display_links = ("at", "what")
    list_filter = (("activity_type", WordsFilter), ("status", WordsFilter), "at")
    list_select_related = ("account",)
    search_fields = ("reference",)
    search_help_text = "Activity, order, transfer or journal ID at Alpaca, or Request ID"

    @admin.display(description="what")
    def what(self, activity: Activity) -> str:
        """What the person reads on their activity page."""
        return title_of(activity)

    @admin.display(description="broker's code", ordering="activity_type")
    def code(self, activity: Activity) -> str:
        return code_of(activity)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Activity], search_term: str
    ) -> tuple[QuerySet[Activity], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        wanted: Any = Q(activity_id=term) | Q(reference=term.lower()) | Q(request_id=term)
        if (found := as_uuid(term)) is not None:
            wanted |= Q(broker_order_id=found) | Q(broker_transfer_id=found)
        return queryset.filter(wanted), False
