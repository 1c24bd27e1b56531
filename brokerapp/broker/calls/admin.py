"""The call log in admin: to read and to search, never to change."""

from datetime import timedelta
from typing import Any

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from brokerapp.broker.calls.models import ApiCall
from brokerapp.ui.admin_pages import (
    BoundedPaginator,
    ReadOnlyAdmin,
    as_uuid,
    change_link,
    people_called,
    person_link,
)

TROUBLE = ~Q(outcome=ApiCall.Outcome.OK)
"""Part of every class but 2xx, as these calls have an index."""

STATUS_CLASSES = {
    "2xx": Q(http_status__gte=200, http_status__lt=300),
    "3xx": TROUBLE & Q(http_status__gte=300, http_status__lt=400),
    "4xx": TROUBLE & Q(http_status__gte=400, http_status__lt=500),
    "429": TROUBLE & Q(http_status=429),
    "5xx": TROUBLE & Q(http_status__gte=500),
    "none": TROUBLE & Q(http_status__isnull=True),
}

LATELY = timedelta(days=3)
"""A path has no index of its own: the calls of these days are looked through."""


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
    """By path template, of the last days."""

    title = "path (last 3 days)"
    parameter_name = "path"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(path, path) for path in ApiCall.objects.paths()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiCall]) -> QuerySet[ApiCall]:
        return queryset.filter(_lately(), path=self.value()) if self.value() else queryset


def _lately() -> Q:
    return Q(started_at__gte=timezone.now() - LATELY)


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
        "Request ID, our call id, broker account id, a row's id, a person's e-mail address, or, of the last "
        "three days, part of a path"
    )
    paginator = BoundedPaginator
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
        return (queryset.filter(call_match(term)) if term else queryset), False


def call_match(term: str) -> Q:
    """Exact matches, each of them an index look-up; of a path, a part is enough."""
    if "@" in term:
        return Q(person_id__in=people_called(term))
    if "/" in term:
        return _lately() & Q(path__in=[path for path in ApiCall.objects.paths() if term in path])
    match = Q(request_id=term.lower()) | Q(request_id=term) | Q(about_id=term)
    if (found := as_uuid(term)) is not None:
        match |= Q(call_id=found) | Q(account_id=found) | Q(about_id=str(found))
    return match
