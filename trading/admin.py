"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.ui.admin_pages import ReadOnlyAdmin
from brokerapp.workflow.status_admin import StatusRowAdmin
from trading.models import Asset, Fill, Order, Portfolio, Position, Quote
from trading.rules import CancelRefused
from trading.services import fills, orders, portfolio


class FillInline(admin.TabularInline):
    """What was executed."""

    model = Fill
    extra = 0
    can_delete = False
    fields = readonly_fields = ("at", "qty", "price", "cum_qty", "execution_id", "activity_id")

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Order)
class OrderAdmin(StatusRowAdmin):
    """Orders, with their fills, broker calls and history."""

    list_display = (
        "id",
        "user",
        "side",
        "symbol",
        "qty",
        "notional",
        "status",
        "filled_qty",
        "created_at",
        "last_request_id",
    )
    list_filter = ("status", "side", "created_at")
    search_fields = (
        "=id",
        "=client_order_id",
        "=broker_order_id",
        "=symbol",
        "=last_request_id",
        "user__email",
    )
    list_select_related = ("user",)
    ordering = ("-created_at",)
    inlines = (FillInline,)
    actions = ("read_again", "cancel")

    @admin.action(permissions=["operate"], description="Ask the broker what became of them")
    def read_again(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        for order in queryset.select_related("account"):
            try:
                fills.sync_fills(order=orders.read_order(order=order))
            except BrokerError as error:
                self.message_user(request, f"{order.pk}: {error}", messages.ERROR)

    @admin.action(permissions=["operate"], description="Request their cancellation")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        assert isinstance(request.user, User)
        for order in queryset:
            try:
                orders.cancel_order(order=order, by=request.user, now=timezone.now())
            except CancelRefused as refusal:
                self.message_user(request, f"{order.pk}: {refusal}", messages.ERROR)


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    """Holdings, as last read."""

    list_display = ("account", "symbol", "qty", "avg_entry_price", "cost_basis", "synced_at")
    search_fields = ("=symbol", "=account__id", "=account__account_number", "account__user__email")
    list_select_related = ("account",)


@admin.register(Portfolio)
class PortfolioAdmin(ReadOnlyAdmin):
    """How fresh our positions are."""

    list_display = ("account", "synced_at", "due_at")
    search_fields = ("=account__id", "=account__account_number", "account__user__email")
    list_select_related = ("account",)
    ordering = ("due_at",)
    actions = ("read_again",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may run actions."""
        return request.user.has_perm("trading.change_portfolio")

    @admin.action(permissions=["operate"], description="Read positions and balances again")
    def read_again(self, request: HttpRequest, queryset: QuerySet[Portfolio]) -> None:
        for row in queryset.select_related("account"):
            try:
                portfolio.sync_portfolio(account=row.account)
            except BrokerError as error:
                self.message_user(request, f"{row.pk}: {error}", messages.ERROR)


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    """What can be traded."""

    list_display = ("symbol", "name", "exchange", "status", "tradable", "fractionable", "synced_at")
    list_filter = ("status", "tradable", "fractionable", "exchange")
    search_fields = ("symbol__startswith", "name")
    show_full_result_count = False


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    """Prices, as last synced."""

    list_display = ("symbol", "bid", "ask", "last", "previous_close", "as_of", "synced_at")
    search_fields = ("=symbol",)
    ordering = ("symbol",)
