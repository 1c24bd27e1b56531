"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from brokerapp.alpaca.errors import BrokerError
from brokerapp.audit.status_admin import StatusRowAdmin
from onboarding.models import Agreement, BrokerageAccount, Document, KycApplication, User
from onboarding.services import accounts, applications, documents


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People. Passwords can be reset, names are in the application."""

    ordering = ("-date_joined",)
    list_display = ("email", "is_active", "is_staff", "date_joined", "last_login")
    list_filter = ("is_active", "is_staff", "date_joined")
    search_fields = ("email",)
    fieldsets = (
        (None, {"fields": ("email", "password")}),
        ("Access", {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("date_joined", "last_login")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("email", "usable_password", "password1", "password2")}),
    )


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


@admin.register(BrokerageAccount)
class BrokerageAccountAdmin(StatusRowAdmin):
    """Accounts at Alpaca, with the last synced balances."""

    list_display = (
        "id",
        "user",
        "account_number_end",
        "status",
        "cash",
        "equity",
        "balances_at",
        "last_request_id",
    )
    list_filter = ("status", "created_at")
    search_fields = ("id", "broker_account_id", "account_number", "user__email", "last_request_id")
    list_select_related = ("user",)
    actions = ("resync",)

    @admin.display(description="number")
    def account_number_end(self, account: BrokerageAccount) -> str:
        return f"…{account.account_number[-4:]}" if account.account_number else ""

    @admin.action(permissions=["operate"], description="Read status and balances from the broker again")
    def resync(self, request: HttpRequest, queryset: QuerySet[BrokerageAccount]) -> None:
        for account in queryset:
            try:
                accounts.sync_account(account=account)
                accounts.sync_balances(account=account)
            except BrokerError as error:
                self.message_user(request, f"{account.pk}: {error}", messages.ERROR)


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
