"""The events, and how far each stream is followed: to read and search, and to handle an event again."""

import json
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.http import urlencode

from brokerapp.accounts.access import person as signed_in
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.streams.models import EventStream, StreamCursor
from brokerapp.events import replay, services
from brokerapp.events.forms import ApplyForm, WindowForm, last_hour
from brokerapp.events.models import UNREADABLE, BrokerEvent
from brokerapp.in_hand.admin import HandMixin
from brokerapp.ui.admin_columns import EMPTY
from brokerapp.ui.admin_pages import ReadOnlyAdmin, people_called, person_link
from brokerapp.ui.forms import ReasonForm

TOLD_OF = ("entity_id", "transfer_id", "journal_id", "order_id")
"""Members of events that name a row of the broker's, besides an order."""


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
class BrokerEventAdmin(HandMixin, ReadOnlyAdmin):
    """Every event, as stored."""

    list_display = (
        "received_at",
        "stream",
        "said",
        "whose",
        "event_id",
        "became",
        "error",
    )
    list_filter = ("stream", HandledFilter, "received_at")
    search_fields = ("=event_id", "=account_id")
    search_help_text = "Event ID, account ID at Alpaca, or a person's e-mail address"
    ordering = ("-received_at",)
    actions = ("retry",)
    views = (
        ("Given up", "state=given-up"),
        ("Failing", "state=failing"),
        ("Orders and fills", "stream__exact=trades"),
        ("Money", "stream__exact=funding"),
    )
    fields = (
        ("stream", "event_id"),
        ("whose", "account_id"),
        "its_row",
        ("occurred_at", "received_at"),
        ("became", "handled_at", "attempts", "next_try_at"),
        "error",
        "raw",
    )
    readonly_fields = ("became", "raw", "whose", "its_row")

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.replay_view)
        return [path("replay/", view, name="events_brokerevent_replay"), *super().get_urls()]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[BrokerEvent], search_term: str
    ) -> tuple[QuerySet[BrokerEvent], bool]:
        if "@" not in search_term:
            return super().get_search_results(request, queryset, search_term)
        theirs = BrokerageAccount.objects.filter(user_id__in=people_called(search_term))
        return queryset.filter(account_id__in=list(theirs.values_list("broker_account_id", flat=True))), False

    @admin.display(description="says")
    def said(self, event: BrokerEvent) -> str:
        """The broker's word in it, in short."""
        payload = event.payload
        order = payload.get("order") or {}
        words = (
            payload.get("event"),
            order.get("symbol"),
            payload.get("entity_type"),
            payload.get("status_to"),
        )
        return " ".join(str(word) for word in (*words, payload.get("activity_type")) if word) or "–"

    def learn(self, rows: list[Any]) -> None:
        """Of whom the events tell: one query."""
        wanted = {event.account_id for event in rows if event.account_id}
        people = BrokerageAccount.objects.filter(broker_account_id__in=wanted)
        owners = dict(people.values_list("broker_account_id", "user_id"))
        for event in rows:
            event.user_id = owners.get(event.account_id)
        super().learn(rows)

    def get_object(self, request: HttpRequest, object_id: str, from_field: Any = None) -> Any:
        event = super().get_object(request, object_id, from_field)
        if event is not None:
            self.learn([event])
        return event

    @admin.display(description="person")
    def whose(self, event: BrokerEvent) -> str:
        """Whose account it is about."""
        return person_link(getattr(event, "user_id", None))

    @admin.display(description="what it tells of")
    def its_row(self, event: BrokerEvent) -> str:
        """The way to the order or movement, and to the calls about it, by the broker's id of it."""
        told = event.payload | (event.payload.get("details") or {})
        of_order = (told.get("order") or {}).get("id")
        key = of_order or next((told[name] for name in TOLD_OF if told.get(name)), "")
        if not key:
            return EMPTY
        url = f"{reverse('admin:ops_search')}?{urlencode({'q': key})}"
        return format_html('<a href="{}"><code>{}</code></a>', url, key)

    @admin.display(description="what became of it")
    def became(self, event: BrokerEvent) -> str:
        """Whether it was handled, and how."""
        return event.outcome or replay.state_of(event)

    @admin.display(description="as it is kept")
    def raw(self, event: BrokerEvent) -> str:
        """The event's members that are kept, as JSON."""
        return format_html(
            '<pre class="ops-pre">{}</pre>', json.dumps(event.payload, indent=2, sort_keys=True)
        )

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        url = reverse("admin:events_brokerevent_replay") if self.has_retry_permission(request) else ""
        return super().changelist_view(request, {"replay_url": url} | (extra_context or {}))

    def replay_view(self, request: HttpRequest) -> HttpResponseBase:
        """Pull a window of a stream again, show what that would change, and apply it for a reason.

        Asks the broker. Raises `PermissionDenied`.
        """
        if not (self.has_view_permission(request) and self.has_retry_permission(request)):
            raise PermissionDenied
        asked = request.POST if request.method == "POST" else request.GET
        is_apply = request.method == "POST"
        form: WindowForm = (ApplyForm if is_apply else WindowForm)(
            asked or None, initial=last_hour(timezone.now())
        )
        window, problem = None, ""
        if form.is_bound and form.is_valid():
            window, problem = self._pull(request, form.cleaned_data, is_apply=is_apply)
            if window is not None and is_apply:
                count = window.count_to_handle
                messages.success(
                    request, f"{count} event{'' if count == 1 else 's'} handed on to be handled."
                )
                return redirect("admin:events_brokerevent_changelist")
        context = {
            **self.admin_site.each_context(request),
            "title": "Pull events again",
            "opts": self.opts,
            "form": form,
            "window": window,
            "problem": problem,
            "streams": EventStream.choices,
            "reason_form": form if is_apply else ReasonForm(),
        }
        status = 422 if form.errors or problem else 200
        return TemplateResponse(request, "admin/events/replay.html", context, status=status)

    def _pull(
        self, request: HttpRequest, answers: dict[str, Any], *, is_apply: bool
    ) -> tuple[replay.Window | None, str]:
        named = {
            "stream": EventStream(answers["stream"]),
            "since": answers["since"],
            "until": answers["until"],
            "now": timezone.now(),
        }
        try:
            if not is_apply:
                return replay.pull(**named), ""
            return replay.apply(**named, by=signed_in(request), reason=answers["reason"]), ""
        except (replay.WindowRefused, BrokerError) as refusal:
            return None, str(refusal)

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
