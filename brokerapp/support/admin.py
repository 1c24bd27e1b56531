"""Cases in admin: the question, what was happening, and the answer that staff give."""

from typing import Any

from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import Model, QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join

from brokerapp.accounts.access import person
from brokerapp.broker.calls import handout_pages
from brokerapp.in_hand.admin import HandMixin
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.support import services
from brokerapp.support.forms import AnswerForm
from brokerapp.support.models import Case
from brokerapp.ui.admin_columns import row_link, step_words, time_text, whole_calls_link
from brokerapp.ui.admin_pages import ReadOnlyAdmin, as_uuid, change_link, people_called, person_link
from brokerapp.workflow.state import IllegalMove, LostRace


@admin.register(Case)
class CaseAdmin(HandMixin, ReadOnlyAdmin):
    """Every case, those that wait the longest first when filtered so; answered by an action."""

    list_display = ("created_at", "topic", "status", "status_at", "asked_by", "in_hand", "reference")
    list_filter = ("status", "topic", "created_at")
    search_help_text = "A case's id, a reference, a Request ID, or a person's e-mail address"
    search_fields = ("reference",)
    views = (("Waiting for us", "status__exact=OPEN"), ("Answered", "status__exact=ANSWERED"))
    actions = ("answer", "close")
    personal = "messages of a case"
    fields = (
        ("topic", "status", "status_at"),
        "asked_by",
        ("reference", "subject", "happened_at"),
        "conversation",
        "what_they_did",
        "broker_calls",
        "for_the_broker",
    )
    readonly_fields = (
        "for_the_broker",
        "asked_by",
        "subject",
        "conversation",
        "what_they_did",
        "broker_calls",
    )

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.handout_view)
        return [
            path("<path:object_id>/for-the-broker/", view, name="support_case_handout"),
            *super().get_urls(),
        ]

    @admin.display(description="for the broker's support")
    def for_the_broker(self, case: Case) -> str:
        url = reverse("admin:support_case_handout", args=[case.pk])
        return format_html('<a href="{}">Export these calls for the broker\'s support</a>', url)

    def handout_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """What the broker's support gets of the calls around a case. Raises `PermissionDenied`."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        case = self.get_object(request, object_id)
        if case is None:
            raise Http404
        return handout_pages.answer(
            self, request, services.calls_of(case), row=_row_of(case), reference=f"case {case.pk}"
        )

    def has_answer_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may answer cases."""
        return request.user.has_perm("support.answer_case")

    @admin.display(description="asked by", ordering="user_id")
    def asked_by(self, case: Case) -> str:
        return person_link(case.user_id)

    @admin.display(description="about")
    def subject(self, case: Case) -> str:
        return row_link(case.about_type, case.about_id)

    @admin.display(description="messages")
    def conversation(self, case: Case) -> str:
        lines = (
            (
                time_text(message.created_at),
                "staff" if message.by_staff else "the person",
                message.text,
            )
            for message in case.messages.all()
        )
        return format_html_join("", "<p><strong>{}, {}:</strong><br>{}</p>", lines)

    @admin.display(description="what they did")
    def what_they_did(self, case: Case) -> str:
        lines = (
            (
                time_text(step.at),
                row_link(step.row_type, step.row_id),
                step_words(step.row_type, step.from_status, step.to_status),
                step.get_actor_display(),
                step.reason,
                whole_calls_link(step.request_id) if step.request_id else "",
            )
            for step in case.steps()
        )
        return format_html_join("", "<div>{} · {} {}, {} {} {}</div>", lines)

    @admin.display(description="broker calls around it")
    def broker_calls(self, case: Case) -> str:
        lines = (
            (
                time_text(call.started_at),
                call.method,
                call.path,
                call.http_status or "no reply",
                call.get_outcome_display(),
                change_link("calls.ApiCall", call.api_call_id, call.reference),
            )
            for call in services.calls_of(case)
        )
        return format_html("{}", format_html_join("", "<div>{} · {} {} · {} · {} · {}</div>", lines))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Case], search_term: str
    ) -> tuple[QuerySet[Case], bool]:
        term = search_term.strip()
        if not term:
            return queryset, False
        if "@" in term:
            return queryset.filter(user_id__in=people_called(term)), False
        if (key := as_uuid(term)) is not None and queryset.filter(pk=key).exists():
            return queryset.filter(pk=key), False
        by_call = queryset.filter(calls__request_id__in={term, term.lower()})
        return (queryset.filter(reference=term) | by_call).distinct(), False

    @admin.action(description="Answer", permissions=["answer"])
    def answer(self, request: HttpRequest, queryset: QuerySet[Case]) -> HttpResponse | None:
        """Ask for the answer to one case, and send it."""
        cases = list(queryset[:2])
        if len(cases) != 1:
            self.message_user(request, "Choose one case to answer.", messages.WARNING)
            return None
        form = AnswerForm(request.POST if "text" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, cases[0], form)
        try:
            services.answer(
                case=cases[0], by=person(request), text=form.cleaned_data["text"], now=timezone.now()
            )
        except services.NotTheirsToAnswer:
            self.message_user(request, "This question is your own: somebody else answers it.", messages.ERROR)
            return None
        self.log_change(request, cases[0], "answered")
        self.message_user(request, "Answered. The person is told in their inbox and by mail.")
        return None

    def _ask(self, request: HttpRequest, case: Case, form: AnswerForm) -> TemplateResponse:
        shown = {"model": self.opts.label, "id": str(case.pk), "page": "answer", "shown": self.personal}
        record(
            Kind.PII_VIEWED,
            staff=person(request),
            person=case.user_id,
            request=request,
            obj=case,
            detail=shown,
        )
        context = {
            **self.admin_site.each_context(request),
            "title": "Answer",
            "opts": self.opts,
            "form": form,
            "case": case,
            "conversation": list(case.messages.all()),
            "hidden": [("action", "answer"), ("select_across", "0"), ("_selected_action", case.pk)],
        }
        status = 422 if form.is_bound else 200
        return TemplateResponse(request, "admin/support/answer.html", context, status=status)

    @admin.action(description="Close", permissions=["answer"])
    def close(self, request: HttpRequest, queryset: QuerySet[Case]) -> None:
        """Close the cases."""
        closed = 0
        for case in queryset:
            try:
                services.close(case=case, by=person(request))
            except (IllegalMove, LostRace):
                continue  # closed already, which is what was wanted
            self.log_change(request, case, "closed")
            closed += 1
        self.message_user(request, f"Closed: {closed}.")


def _row_of(case: Case) -> Model | None:
    """The row that a case was found to be about, if it is one that the broker may know."""
    try:
        model = apps.get_model(case.about_type) if case.about_type else None
        return model._default_manager.filter(pk=case.about_id).first() if model else None
    except (LookupError, ValueError, ValidationError):
        return None
