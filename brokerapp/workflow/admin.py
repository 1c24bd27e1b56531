"""The status history in admin: to read and to search, never to change."""

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest

from brokerapp.ui.admin_columns import row_link, step_words
from brokerapp.ui.admin_pages import ReadOnlyAdmin, WordsFilter, as_uuid, people_called, person_link
from brokerapp.workflow.models import StatusChange


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin):
    """Every status that changed, found by Request ID, row or person."""

    list_display = ("at", "subject", "step", "actor", "reason", "request_id", "person")
    list_filter = (("row_type", WordsFilter), ("to_status", WordsFilter), "at")
    search_fields = ("request_id",)
    search_help_text = "Request ID, a row's id, or a person's e-mail address"
    fields = (
        ("subject", "row_id"),
        ("step", "from_status", "to_status"),
        ("actor", "actor_id"),
        "reason",
        ("request_id", "person"),
        "at",
    )
    readonly_fields = ("person", "subject", "step")

    @admin.display(description="person", ordering="person_id")
    def person(self, change: StatusChange) -> str:
        return person_link(change.person_id)

    @admin.display(description="row")
    def subject(self, change: StatusChange) -> str:
        return row_link(change.row_type, change.row_id)

    @admin.display(description="step")
    def step(self, change: StatusChange) -> str:
        """From which status to which, in words."""
        return step_words(change.row_type, change.from_status, change.to_status)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StatusChange], search_term: str
    ) -> tuple[QuerySet[StatusChange], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.filter(person_id__in=people_called(term)), False
        found = as_uuid(term)
        row_id = str(found) if found else term
        return queryset.filter(Q(request_id__in={term, term.lower()}) | Q(row_id=row_id)), False
