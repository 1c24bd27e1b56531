"""The filters of the list of calls."""

import re
from datetime import timedelta
from itertools import groupby
from typing import Any
from urllib.parse import parse_qsl

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone

from brokerapp.broker.calls.models import ApiCall

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


class ReadsFilter(admin.SimpleListFilter):
    """Reads that went well are nearly all calls, most of them polls: shown where they are asked for."""

    title = "reads that went well"
    parameter_name = "reads"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("all", "Show them too")]

    def choices(self, changelist: Any) -> Any:
        for choice in super().choices(changelist):
            yield choice | ({"display": "Left out"} if choice["display"] == "All" else {})

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiCall]) -> QuerySet[ApiCall]:
        # Who searches, or asks for calls that went well, wants whatever there is.
        asked = request.GET
        well = asked.get("outcome__exact") == ApiCall.Outcome.OK or asked.get("http") == "2xx"
        wanted = self.value() == "all" or well or asked.get("q") or asked.get("path")
        return queryset if wanted else queryset.exclude(ApiCall.QUIET)


class StatusFilter(admin.SimpleListFilter):
    """By class of HTTP status."""

    title = "HTTP status"
    parameter_name = "http"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(name, "no reply" if name == "none" else name) for name in STATUS_CLASSES]

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiCall]) -> QuerySet[ApiCall]:
        wanted = STATUS_CLASSES.get(self.value() or "")
        return queryset.filter(wanted) if wanted else queryset


def lately() -> Q:
    """The calls of the days that a path is looked for in."""
    return Q(started_at__gte=timezone.now() - LATELY)


AREAS = (
    ("Orders, holdings and figures", re.compile(r"/v\d+/trading/")),
    ("Events", re.compile(r"/v\d+\w*/events")),
    ("Money", re.compile(r"/v\d+/.*(ach_relationships|recipient_banks|transfers|journals|activities)")),
    ("Accounts and papers", re.compile(r"/v\d+/accounts")),
    ("Prices", re.compile(r"/v(2|\d+beta\d+)/")),
)
"""What calls are about, by the beginning of their path; the first that fits."""
THE_REST = "Assets, calendar and the rest"


def area_of(path: str) -> str:
    """What calls with this path are about, in words."""
    return next((title for title, beginning in AREAS if beginning.match(path)), THE_REST)


class PathFilter(admin.SimpleListFilter):
    """By path template, of the last days, or by what calls are about: one field, with a group for each."""

    title = "path (last 3 days)"
    parameter_name = "path"
    template = "admin/filter_select.html"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(path, path) for path in ApiCall.objects.paths()]

    def choices(self, changelist: Any) -> Any:
        """The groups of the field, for its template, and whatever else the address asks for."""
        paths = {area: [path for path, _ in paths] for area, paths in self._by_area()}
        chosen = self.value()
        if chosen and chosen not in paths and not any(chosen in some for some in paths.values()):
            paths[area_of(chosen)] = [*paths.get(area_of(chosen), ()), chosen]
        kept = changelist.get_query_string(remove=[self.parameter_name]).removeprefix("?")
        yield {"areas": list(paths.items()), "kept": parse_qsl(kept, keep_blank_values=True)}

    def _by_area(self) -> Any:
        return groupby(sorted(self.lookup_choices, key=_by_place), key=lambda choice: area_of(choice[0]))

    def queryset(self, request: HttpRequest, queryset: QuerySet[ApiCall]) -> QuerySet[ApiCall]:
        if not (wanted := self.value()):
            return queryset
        paths = [path for path, _ in self.lookup_choices if area_of(path) == wanted]
        return queryset.filter(lately(), path__in=paths or [wanted])


def _by_place(choice: tuple[Any, Any]) -> tuple[int, str]:
    """Sorts paths by area, in the order of `AREAS`, and then by themselves."""
    order = [title for title, _ in AREAS]
    area = area_of(choice[0])
    return (order.index(area) if area in order else len(order)), choice[0]
