"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.workflow.status_admin import StatusRowAdmin
from onboarding.models import Agreement, Document, KycApplication
from onboarding.services import applications, documents


class AgreementInline(admin.TabularInline):
    """What was signed, when and from where."""

    model = Agreement
    extra = 0
    can_delete = False
    fields = readonly_fields = ("agreement", "revision", "signed_at", "ip_address")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(KycApplication)
class KycApplicationAdmin(StatusRowAdmin):
    """Applications. The tax id is shown by its last four digits."""

    list_display = ("id", "user", "status", "status_at", "submitted_at", "last_request_id")
    list_filter = ("status", "submitted_at")
    search_fields = ("id", "user__email", "last_request_id")
    list_select_related = ("user",)
    exclude = ("tax_id",)
    inlines = (AgreementInline,)
    actions = ("settle",)

    @admin.action(permissions=["operate"], description="Ask the broker what became of it")
    def settle(self, request: HttpRequest, queryset: QuerySet[KycApplication]) -> None:
        for application in queryset.filter(status="UNKNOWN").select_related("user"):
            try:
                applications.settle_application(application=application)
            except BrokerError as error:
                self.message_user(request, f"{application.pk}: {error}", messages.ERROR)


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
        for document in queryset.filter(status="UNKNOWN"):
            try:
                documents.settle_document(document=document)
            except BrokerError as error:
                self.message_user(request, f"{document.pk}: {error}", messages.ERROR)
