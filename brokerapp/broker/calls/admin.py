"""The call log in admin: to read, to search and to hand to the broker's support, never to change."""

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, Q, QuerySet
from django.http import HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html
from django.utils.http import urlencode

from brokerapp.broker.calls import handout
from brokerapp.broker.calls.filters import PathFilter, ReadsFilter, StatusFilter, lately
from brokerapp.broker.calls.handout_pages import answer
from brokerapp.broker.calls.models import ApiCall
from brokerapp.ui.admin_columns import calls_link, row_link
from brokerapp.ui.admin_pages import ReadOnlyAdmin, as_uuid, people_called, person_link


@admin.register(ApiCall)
class ApiCallAdmin(ReadOnlyAdmin):
    """Every attempt of every broker call, found by what a person or the broker's support can quote."""

    list_display = (
        "started_at",
        "person",
        "subject",
        "method",
        "path",
        "outcome",
        "http_status",
        "took",
        "reference",
    )
    list_filter = (ReadsFilter, "outcome", StatusFilter, "started_at", PathFilter)
    search_fields = ("request_id",)
    search_help_text = (
        "Request ID, our call id, broker account id, a row's id, a person's e-mail address, or, of the last "
        "three days, part of a path"
    )
    views = (
        ("What went wrong", "outcome__exact=UNKNOWN"),
        ("Refused", "http=4xx"),
        ("No reply", "http=none"),
        ("Over budget (429)", "http=429"),
        ("Everything", "reads=all"),
    )
    list_display_links = ("started_at", "path")
    fields = (
        ("request_id", "call_id", "attempt"),
        ("method", "path"),
        ("outcome", "http_status", "milliseconds"),
        ("error_code", "error_message"),
        ("person", "asked_by", "subject", "account_id"),
        ("started_at", "finished_at"),
        "for_the_broker",
    )
    readonly_fields = ("person", "asked_by", "subject", "for_the_broker")
    actions = ("hand_out",)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.handout_view)
        return [path("for-the-broker/", view, name="calls_apicall_handout"), *super().get_urls()]

    @admin.display(description="person", ordering="person_id")
    def person(self, call: ApiCall) -> str:
        return person_link(call.person_id)

    @admin.display(description="asked for by")
    def asked_by(self, call: ApiCall) -> str:
        return person_link(call.asked_by_id)

    @admin.display(description="what for")
    def subject(self, call: ApiCall) -> str:
        return row_link(call.about_type, call.about_id)

    @admin.display(description="ms", ordering="milliseconds")
    def took(self, call: ApiCall) -> int | None:
        return call.milliseconds

    @admin.display(description="Request ID", ordering="request_id")
    def reference(self, call: ApiCall) -> str:
        return calls_link(call.request_id)

    @admin.display(description="for the broker's support")
    def for_the_broker(self, call: ApiCall) -> str:
        url = reverse("admin:calls_apicall_handout")
        return format_html('<a href="{}?call={}">Export it for the broker\'s support</a>', url, call.pk)

    def row_actions(self, request: HttpRequest, row: Model) -> list[tuple[str, str]]:
        """None: the page has its own link to the export."""
        return []

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[ApiCall], search_term: str
    ) -> tuple[QuerySet[ApiCall], bool]:
        term = search_term.strip()
        return (queryset.filter(call_match(term)) if term else queryset), False

    @admin.action(permissions=["view"], description="Export for the broker's support")
    def hand_out(self, request: HttpRequest, queryset: QuerySet[ApiCall]) -> HttpResponseRedirect:
        keys = queryset.order_by("-started_at").values_list("pk", flat=True)[: handout.MOST]
        url = reverse("admin:calls_apicall_handout")
        return redirect(f"{url}?{urlencode({'call': list(keys)}, doseq=True)}")

    def handout_view(self, request: HttpRequest) -> HttpResponseBase:
        """What the broker's support gets, of the calls named by `call`, `request_id` or `about` (a row's id).

        `format` is `text` or `json` for a file, and nothing for the page that shows it and asks what was
        expected. Raises `PermissionDenied`.
        """
        if not self.has_view_permission(request):
            raise PermissionDenied
        calls = list(_chosen(request))
        hidden = [(name, value) for name in CHOSEN_BY for value in request.GET.getlist(name)]
        return answer(self, request, calls, row=_row_of(calls), hidden=hidden)


CHOSEN_BY = ("call", "request_id", "about")


def _chosen(request: HttpRequest) -> QuerySet[ApiCall]:
    """The calls that an address names, newest first, as many as go into one handout."""
    asked = request.GET
    match = Q(pk__in=[key for key in asked.getlist("call") if key.isascii() and key.isdecimal()])
    match |= Q(request_id__in=[each for each in asked.getlist("request_id") if each])
    match |= Q(about_id__in=[each for each in asked.getlist("about") if each])
    return ApiCall.objects.filter(match).order_by("-started_at")[: handout.MOST]


def _row_of(calls: list[ApiCall]) -> Model | None:
    """The row that all calls are about; None if they are about several, or it is gone."""
    about = {(call.about_type, call.about_id) for call in calls}
    if len(about) != 1:
        return None
    label, key = about.pop()
    try:
        return apps.get_model(label)._default_manager.filter(pk=key).first() if label else None
    except (LookupError, ValueError, ValidationError):
        return None


def call_match(term: str) -> Q:
    """Exact matches, each of them an index look-up; of a path, a part is enough."""
    if "@" in term:
        return Q(person_id__in=people_called(term))
    if "/" in term:
        return lately() & Q(path__in=[path for path in ApiCall.objects.paths() if term in path])
    match = Q(request_id=term.lower()) | Q(request_id=term) | Q(about_id=term)
    if (found := as_uuid(term)) is not None:
        match |= Q(call_id=found) | Q(account_id=found) | Q(about_id=str(found))
    return match
