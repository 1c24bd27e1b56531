"""Ops pages of people and their accounts: read-only but for actions, each of which calls a service."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.db.models import QuerySet
from django.http import HttpRequest

from brokerapp.accounts import services as accounts
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.workflow.status_admin import StatusRowAdmin


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """People. Passwords can be reset, names are in the application."""

    personal = "e-mail address"

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


@admin.register(BrokerageAccount)
class BrokerageAccountAdmin(StatusRowAdmin):
    """Accounts at Alpaca, with the last synced balances."""

    list_display = (
        "id",
        "user",
        "account_number_end",
        "status",
        "broker_status",
        "cash",
        "equity",
        "balances_at",
        "last_request_id",
    )
    list_filter = (
        "status",
        "account_blocked",
        "trading_blocked",
        "transfers_blocked",
        "trade_suspended_by_user",
        "created_at",
    )
    search_fields = ("id", "broker_account_id", "account_number", "user__email", "last_request_id")
    list_select_related = ("user",)
    actions = ("resync",)

    @admin.display(description="number")
    def account_number_end(self, account: BrokerageAccount) -> str:
        return f"…{account.account_number[-4:]}" if account.account_number else ""

    @admin.action(permissions=["operate"], description="Read status and balances from the broker again")
    def resync(self, request: HttpRequest, queryset: QuerySet[BrokerageAccount]) -> None:
        self.run_action(
            request, queryset, "Asked to be read again", lambda row: accounts.read_again(account=row)
        )
