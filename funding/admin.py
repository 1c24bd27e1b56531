"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from brokerapp.accounts.access import person
from brokerapp.workflow.status_admin import StatusRowAdmin
from funding.models import BankLink, Transfer
from funding.services import banks, settling

ASKED, NOT_MADE = "Asking the broker", "Recorded as never made"


@admin.register(BankLink)
class BankLinkAdmin(StatusRowAdmin):
    """Linked banks, by their last four digits; the numbers themselves are never shown."""

    list_display = (
        "id",
        "user",
        "last4",
        "bank_name",
        "status",
        "broker_status",
        "status_at",
        "last_request_id",
    )
    list_filter = ("status", "created_at")
    search_fields = (
        "=id",
        "=relationship_id",
        "=user__email",
        "=account__account_number",
        "=last_request_id",
    )
    search_help_text = "Our id, Alpaca's relationship id, e-mail address, account number or Request ID"
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    exclude = ("bank_account_number", "bank_routing_number")
    actions = ("ask_broker",)

    @admin.action(permissions=["operate"], description="Ask the broker now")
    def ask_broker(self, request: HttpRequest, queryset: QuerySet[BankLink]) -> None:
        by = person(request)
        self.run_action(request, queryset, ASKED, lambda link: banks.ask_broker_soon(link=link, by=by))


class UndecidedFilter(admin.SimpleListFilter):
    """The queue of staff: what could not be found at the broker."""

    title = "waits for a decision"
    parameter_name = "undecided"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Transfer]"
    ) -> list[tuple[str, str]]:
        return [("yes", "Yes")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> QuerySet[Transfer]:
        return queryset.filter(needs_decision_at__isnull=False) if self.value() == "yes" else queryset


@admin.register(Transfer)
class TransferAdmin(StatusRowAdmin):
    """Deposits and withdrawals. UNKNOWN ones are looked for by themselves and wait for a decision here."""

    list_display = (
        "id",
        "user",
        "rail",
        "direction",
        "amount",
        "status",
        "broker_status",
        "status_at",
        "needs_decision_at",
        "last_request_id",
    )
    list_filter = (UndecidedFilter, "status", "rail", "direction", "created_at")
    search_fields = (
        "=id",
        "=broker_transfer_id",
        "=user__email",
        "=account__account_number",
        "=last_request_id",
    )
    search_help_text = "Our id, Alpaca's transfer id, e-mail address, account number or Request ID"
    list_select_related = ("user",)
    date_hierarchy = "created_at"
    ordering = ("-created_at",)
    actions = ("ask_broker", "record_not_done")

    @admin.action(permissions=["operate"], description="Ask the broker now")
    def ask_broker(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> None:
        by = person(request)
        self.run_action(
            request, queryset, ASKED, lambda transfer: settling.ask_broker_soon(transfer=transfer, by=by)
        )

    @admin.action(
        permissions=["operate"],
        description="Record as never made (only after the broker's support has confirmed it)",
    )
    def record_not_done(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> None:
        by = person(request)
        self.run_action(
            request, queryset, NOT_MADE, lambda transfer: settling.record_not_done(transfer=transfer, by=by)
        )
