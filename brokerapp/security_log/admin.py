"""The security log in admin: to read, to search and to export, never to change."""

from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from brokerapp.security_log import services
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.ui.admin_columns import row_link
from brokerapp.ui.admin_pages import ReadOnlyAdmin, people_called, person_link
from brokerapp.web.addresses import read_address


class KindFilter(admin.SimpleListFilter):
    """By what happened."""

    title = "what happened"
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(kind.value, str(kind.label)) for kind in Kind]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(kind=self.value()) if self.value() else queryset


class ActorFilter(admin.SimpleListFilter):
    """By whether staff had a hand in it."""

    title = "actor"
    parameter_name = "by"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("staff", "staff"), ("people", "people")]

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted = self.value()
        return queryset.filter(staff_id__isnull=wanted == "people") if wanted else queryset


@admin.register(SecurityEvent)
class SecurityEventAdmin(ReadOnlyAdmin):
    """Every event, found by whoever, wherever and whatever it was."""

    list_display = ("at", "what", "person", "staff", "ip", "subject", "reason")
    list_filter = (KindFilter, ActorFilter, "at")
    search_fields = ("object_id",)
    search_help_text = (
        "“person 17” or “staff 17”, an e-mail address, IP address, session, reference of a request, "
        "or a row's id"
    )
    date_hierarchy = "at"
    sortable_by = ("at",)
    fields = (
        ("at", "what"),
        ("person", "staff"),
        ("ip", "session", "reference"),
        ("subject", "object_id"),
        "reason",
        "detail",
    )
    readonly_fields = ("what", "person", "staff", "subject")
    actions = ("export_lines",)

    @admin.display(description="what happened", ordering="kind")
    def what(self, event: SecurityEvent) -> str:
        return event.label

    @admin.display(description="person")
    def person(self, event: SecurityEvent) -> str:
        return person_link(event.person_id)

    @admin.display(description="staff")
    def staff(self, event: SecurityEvent) -> str:
        return person_link(event.staff_id)

    @admin.display(description="about")
    def subject(self, event: SecurityEvent) -> str:
        return row_link(event.object_type, event.object_id)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[SecurityEvent], search_term: str
    ) -> tuple[QuerySet[SecurityEvent], bool]:
        term = search_term.strip()
        return (queryset.filter(_match(term)) if term else queryset), False

    @admin.action(permissions=["view"], description="Export as JSON lines")
    def export_lines(self, request: HttpRequest, queryset: QuerySet[SecurityEvent]) -> StreamingHttpResponse:
        services.record(Kind.LOG_EXPORTED, request=request)
        response = StreamingHttpResponse(services.lines(queryset), content_type="application/x-ndjson")
        response["Content-Disposition"] = 'attachment; filename="security-log.jsonl"'
        response["Cache-Control"] = "no-store, private"
        return response


def _match(term: str) -> Q:
    """Exact matches, each of them an index look-up."""
    who, _, number = term.lower().partition(" ")
    if who in ("person", "staff") and number.isdecimal():
        return Q(**{f"{who}_id": int(number)})
    if "@" in term:
        people = people_called(term)
        return Q(person_id__in=people) | Q(staff_id__in=people)
    if (address := read_address(term)) is not None:
        return Q(ip=str(address))
    return Q(object_id__in={term, term.lower()}) | Q(session=term.lower()) | Q(reference=term.lower())
