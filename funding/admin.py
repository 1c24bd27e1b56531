"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.workflow import state
from brokerapp.workflow.status_admin import StatusRowAdmin
from funding.models import BankLink, Transfer
from funding.services import banks, settling

IN_THE_WAY = (BrokerError, state.LostRace, state.IllegalMove)


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
        for link in queryset.select_related("account", "user"):
            try:
                asked = banks.ask_broker(link=link, by=request.user, now=timezone.now())  # type: ignore[arg-type]
                self.message_user(request, f"{link.pk} is {asked.status}.")
            except IN_THE_WAY as error:
                self.message_user(request, f"{link.pk}: {error}", messages.ERROR)


@admin.register(Transfer)
class TransferAdmin(StatusRowAdmin):
    """Deposits and withdrawals. UNKNOWN ones are looked for by themselves and wait for a decision here."""

    list_display = (
        "id",
        "user",
        "direction",
        "amount",
        "status",
        "broker_status",
        "status_at",
        "expected_on",
        "last_request_id",
    )
    list_filter = ("status", "direction", "created_at")
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
        for transfer in queryset.select_related("account", "bank_link"):
            try:
                asked = settling.ask_broker(transfer=transfer, by=request.user, now=timezone.now())  # type: ignore[arg-type]
                self.message_user(request, f"{transfer.pk} is {asked.status}.")
            except IN_THE_WAY as error:
                self.message_user(request, f"{transfer.pk}: {error}", messages.ERROR)

    @admin.action(
        permissions=["operate"],
        description="Record as never made (only after the broker's support has confirmed it)",
    )
    def record_not_done(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> None:
        for transfer in queryset:
            try:
                settling.record_not_done(transfer=transfer, by=request.user)  # type: ignore[arg-type]
                self.message_user(request, f"{transfer.pk} is recorded as never made.")
            except (settling.NotUndecided, state.LostRace) as error:
                self.message_user(request, f"{transfer.pk}: {error}", messages.ERROR)
