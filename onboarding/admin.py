"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from brokerapp.security_log.reveal import RevealMixin
from brokerapp.workflow import jobs
from brokerapp.workflow.status_admin import StatusRowAdmin
from onboarding.models import Agreement, Document, KycApplication


class AgreementInline(admin.TabularInline):
    """What was signed, when and from where."""

    model = Agreement
    extra = 0
    can_delete = False
    fields = readonly_fields = ("agreement", "revision", "signed_at", "ip_address")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(KycApplication)
class KycApplicationAdmin(RevealMixin, StatusRowAdmin):
    """Applications: name and e-mail address, to know whose it is; the rest on the page that reveals it."""

    personal = "name, e-mail address, last four of the tax id"
    hidden = (
        "date_of_birth",
        "tax_id",
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
    )

    list_display = ("id", "user", "status", "status_at", "submitted_at", "last_request_id")
    list_filter = ("status", "submitted_at")
    search_fields = ("id", "user__email", "last_request_id")
    list_select_related = ("user",)
    inlines = (AgreementInline,)
    actions = ("settle",)

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
class DocumentAdmin(StatusRowAdmin):
    """Uploaded documents, without their content."""

    list_display = ("id", "user", "document_type", "status", "status_at", "last_request_id")
    list_filter = ("status", "document_type")
    search_fields = ("id", "user__email", "last_request_id")
    list_select_related = ("user",)
    exclude = ("content",)
    actions = ("settle",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Document]:
        return super().get_queryset(request).defer("content")

    @admin.action(permissions=["operate"], description="Ask the broker whether it has them")
    def settle(self, request: HttpRequest, queryset: QuerySet[Document]) -> None:
        def ask(document: Document) -> None:
            jobs.enqueue(
                "onboarding.tasks.settle_document", document_id=document.pk, staff_id=request.user.pk
            )

        self.run_action(request, queryset.filter(status="UNKNOWN"), "Asked the broker about it", ask)
