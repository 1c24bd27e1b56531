"""The call log and the status history in admin: to read and to search, never to change."""

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html

from brokerapp.audit.models import ApiCall, StatusChange

STATUS_CLASSES = {
    "2xx": Q(http_status__gte=200, http_status__lt=300),
    "3xx": Q(http_status__gte=300, http_status__lt=400),
    "4xx": Q(http_status__gte=400, http_status__lt=500),
    "429": Q(http_status=429),
    "5xx": Q(http_status__gte=500),
    "none": Q(http_status__isnull=True),
}


class ReadOnlyAdmin(admin.ModelAdmin):
    """Rows that the admin site shows but never adds, changes or deletes."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


class StatusFilter(admin.SimpleListFilter):
    """By class of HTTP status."""

    title = "HTTP status"
    parameter_name = "http"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, "no reply" if name == "none" else name) for name in STATUS_CLASSES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiCall]) -> QuerySet[ApiCall]:
        wanted = STATUS_CLASSES.get(self.value() or "")
        return queryset.filter(wanted) if wanted else queryset


class PathFilter(admin.SimpleListFilter):
    """By path template."""

    title = "path"
    parameter_name = "path"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(path, path) for path in ApiCall.objects.paths()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiCall]) -> QuerySet[ApiCall]:
        return queryset.filter(path=self.value()) if self.value() else queryset


def change_link(label: str, pk: str | int | None, text: str) -> str:
    """A link to a row's admin page, or the bare text if it has none."""
    if not pk:
        return text
    try:
        url = reverse(f"admin:{label.lower().replace('.', '_')}_change", args=[pk])
    except NoReverseMatch:
        return text
    return format_html('<a href="{}">{}</a>', url, text)


def person_link(person_id: int | None) -> str:
    """A link to the person's admin page, by number: lists show no e-mail addresses."""
    if person_id is None:
        return "-"
    return change_link(get_user_model()._meta.label, person_id, f"person {person_id}")


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None


def people_called(email: str) -> list[Any]:
    """The ids of people with exactly this e-mail address, in any case."""
    return list(get_user_model()._default_manager.filter(email__iexact=email).values_list("pk", flat=True))


@admin.register(ApiCall)
class ApiCallAdmin(ReadOnlyAdmin):
    """Every attempt of every broker call, found by what a person or the broker's support can quote."""

    list_display = (
        "started_at",
        "request_id",
        "method",
        "path",
        "http_status",
        "outcome",
        "milliseconds",
        "attempt",
        "person",
        "subject",
    )
    list_filter = ("outcome", StatusFilter, "started_at", PathFilter)
    search_fields = ("request_id",)
    search_help_text = (
        "Request ID, our call id, broker account id, a row's id, a person's e-mail address, or a path"
    )
    date_hierarchy = "started_at"
    show_full_result_count = False
    list_per_page = 50
    list_display_links = ("started_at", "path")
    fields = (
        ("request_id", "call_id", "attempt"),
        ("method", "path"),
        ("outcome", "http_status", "milliseconds"),
        ("error_code", "error_message"),
        ("person", "subject", "account_id"),
        ("started_at", "finished_at"),
    )
    readonly_fields = ("person", "subject")

    @admin.display(description="person", ordering="person_id")
    def person(self, call: ApiCall) -> str:
        return person_link(call.person_id)

    @admin.display(description="about")
    def subject(self, call: ApiCall) -> str:
        if not call.about_type:
            return "-"
        return change_link(call.about_type, call.about_id, call.about_type)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ApiCall], search_term: str
    ) -> tuple[QuerySet[ApiCall], bool]:
        term = search_term.strip()
        return (queryset.filter(_call_match(term)) if term else queryset), False


def _call_match(term: str) -> Q:
    """Exact matches only: each of them is an index look-up."""
    if "@" in term:
        return Q(person_id__in=people_called(term))
    if "/" in term:
        return Q(path__in=[path for path in ApiCall.objects.paths() if term in path])
    match = Q(request_id=term.lower()) | Q(request_id=term) | Q(about_id=term)
    if (found := _uuid(term)) is not None:
        match |= Q(call_id=found) | Q(account_id=found) | Q(about_id=str(found))
    return match


@admin.register(StatusChange)
class StatusChangeAdmin(ReadOnlyAdmin):
    """Every status that changed, found by Request ID, row or person."""

    list_display = ("at", "subject", "from_status", "to_status", "reason", "request_id", "person")
    list_filter = ("row_type", "to_status", "at")
    search_fields = ("request_id",)
    search_help_text = "Request ID, a row's id, or a person's e-mail address"
    date_hierarchy = "at"
    show_full_result_count = False
    list_per_page = 50
    fields = (("subject", "row_id"), ("from_status", "to_status"), "reason", ("request_id", "person"), "at")
    readonly_fields = ("person", "subject")

    @admin.display(description="person", ordering="person_id")
    def person(self, change: StatusChange) -> str:
        return person_link(change.person_id)

    @admin.display(description="row")
    def subject(self, change: StatusChange) -> str:
        return change_link(change.row_type, change.row_id, change.row_type)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StatusChange], search_term: str
    ) -> tuple[QuerySet[StatusChange], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.filter(person_id__in=people_called(term)), False
        found = _uuid(term)
        row_id = str(found) if found else term
        return queryset.filter(Q(request_id__in={term, term.lower()}) | Q(row_id=row_id)), False
