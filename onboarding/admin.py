"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html_join

from brokerapp.in_hand.admin import HandMixin
from brokerapp.security_log.reveal import RevealMixin
from brokerapp.ui.admin_pages import ReadOnlyInline, change_link
from brokerapp.workflow import jobs
from brokerapp.workflow.status_admin import StatusRowAdmin
from onboarding.cases import CipRecord, DuePaper, KycAnswer
from onboarding.models import Agreement, Document, KycApplication, ProfileChange, TaxForm
from onboarding.profile import PARTS
from onboarding.services import duplicates
from onboarding.staff.pages import CaseMixin, PaperMixin


class AgreementInline(ReadOnlyInline):
    """What was signed, when and from where."""

    model = Agreement
    fields = ("agreement", "revision", "signed_at", "ip_address")


@admin.register(KycApplication)
class KycApplicationAdmin(HandMixin, CaseMixin, RevealMixin, StatusRowAdmin):
    """Applications: name and e-mail address, to know whose it is; the rest on the page that reveals it."""

    personal = "name, e-mail address, last four of the tax id"
    hidden = (
        "date_of_birth",
        "tax_id",
        "minor_tax_id",
        "beneficiary_tax_ids",
        "foreign_tax_id",
        "phone_number",
        "street_address",
        "unit",
        "city",
        "state",
        "postal_code",
        "country_of_citizenship",
        "country_of_birth",
        "permanent_resident",
        "funding_source",
        "employment_status",
        "employer_name",
        "employer_address",
        "employment_position",
        "is_control_person",
        "is_affiliated_exchange_or_finra",
        "is_politically_exposed",
        "immediate_family_exposed",
        "disclosure_context",
        "trusted_given_name",
        "trusted_family_name",
        "trusted_email_address",
        "trusted_phone_number",
        "answers",
    )

    list_display = (
        "id",
        "user",
        "account_kind",
        "status",
        "status_at",
        "submitted_at",
        "last_request_id",
        "review_link",
    )
    list_filter = ("status", "account_kind", "submitted_at")
    search_fields = ("id", "user__email", "last_request_id")
    search_help_text = "Our id, e-mail address, Request ID, or a whole phone number"
    list_select_related = ("user",)
    exclude = ("tax_id_index", "foreign_tax_id_index", "phone_number_index")
    inlines = (AgreementInline,)
    actions = ("settle",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["review_link", *super().get_fields(request, obj), "same_tax_id"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[KycApplication], search_term: str
    ) -> tuple[QuerySet[KycApplication], bool]:
        found, may_repeat = super().get_search_results(request, queryset, search_term)
        called = duplicates.with_phone_number(search_term)
        return found | queryset.filter(pk__in=called.values("pk")), may_repeat

    @admin.display(description="other applications with this tax id")
    def same_tax_id(self, application: KycApplication) -> str:
        others = duplicates.others_with_tax_id(application)
        links = [(change_link(other._meta.label, str(other.pk), str(other)),) for other in others]
        return format_html_join(", ", "{}", links) or "-"

    @admin.action(permissions=["operate"], description="Ask the broker what became of it")
    def settle(self, request: HttpRequest, queryset: QuerySet[KycApplication]) -> None:
        def ask(application: KycApplication) -> None:
            jobs.enqueue(
                "onboarding.tasks.settle_application",
                application_id=application.pk,
                staff_id=request.user.pk,
            )

        self.run_action(request, queryset.filter(status="UNKNOWN"), "Asked the broker about it", ask)


@admin.register(Document)
class DocumentAdmin(HandMixin, PaperMixin, StatusRowAdmin):
    """Uploaded documents, without their content."""

    list_display = ("id", "user", "document_type", "status", "status_at", "last_request_id")
    list_filter = ("status", "document_type")
    search_fields = ("id", "user__email", "last_request_id")
    list_select_related = ("user",)
    exclude = ("content",)
    actions = ("settle",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).defer("content")

    @admin.action(permissions=["operate"], description="Ask the broker whether it has it")
    def settle(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        def ask(document: Document) -> None:
            jobs.enqueue(
                "onboarding.tasks.settle_document", document_id=document.pk, staff_id=request.user.pk
            )

        self.run_action(request, queryset.filter(status="UNKNOWN"), "Asked the broker about it", ask)


@admin.register(KycAnswer)
class KycAnswerAdmin(HandMixin, StatusRowAdmin):
    """What people answered to the broker's questions, without the answers."""

    list_display = ("id", "user", "code", "status", "status_at", "last_request_id")
    list_filter = ("status", "code")
    search_fields = ("id", "user__email", "last_request_id")
    list_select_related = ("user",)
    exclude = ("answers",)


@admin.register(CipRecord)
class CipRecordAdmin(HandMixin, StatusRowAdmin):
    """How our own staff made sure who people are, as the broker has it."""

    list_display = ("id", "user", "status", "status_at", "approved_by_id", "last_request_id")
    list_filter = ("status",)
    search_fields = ("id", "user__email", "last_request_id")
    list_select_related = ("user",)


@admin.register(DuePaper)
class DuePaperAdmin(StatusRowAdmin):
    """Papers that end, and that their owners were asked for new ones; forms W-8BEN have their own list."""

    list_display = ("id", "user", "what", "ends_on", "created_at", "status", "status_at")
    list_filter = ("status", "part", "ends_on")
    search_fields = ("id", "user__email")
    ordering = ("ends_on", "id")
    list_select_related = ("user",)
    views = (
        ("Asked for now", "status__exact=ASKED"),
        ("Given, or not needed any more", "status__exact=OVER"),
    )

    @admin.display(description="what is due", ordering="part")
    def what(self, paper: DuePaper) -> str:
        """The paper, as its owner's profile calls it."""
        part = PARTS.get(paper.part)
        return part.title if part else paper.part

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ["what", *super().get_fields(request, obj)]


@admin.register(TaxForm)
class TaxFormAdmin(HandMixin, StatusRowAdmin):
    """Signed forms W-8BEN, without what they say."""

    list_display = ("id", "user", "status", "signed_at", "valid_until", "last_request_id")
    list_filter = ("status",)
    views = (("To be signed again", "status__exact=DUE"),)
    search_fields = ("id", "user__email", "last_request_id")
    list_select_related = ("user",)
    exclude = ("content", "signature")


@admin.register(ProfileChange)
class ProfileChangeAdmin(HandMixin, StatusRowAdmin):
    """What people asked to have changed: which part, not to what."""

    list_display = ("id", "user", "part", "status", "status_at", "last_request_id")
    list_filter = ("status", "part")
    search_fields = ("id", "user__email", "last_request_id")
    list_select_related = ("user",)
    exclude = ("answers", "signed")
