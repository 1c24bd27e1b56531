"""Ops pages of this app: read-only but for actions: one service each, which leaves calls to workers."""

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.in_hand.admin import HandMixin
from brokerapp.ui.admin_pages import ReadOnlyAdmin, ReadOnlyInline, ask_reason
from brokerapp.workflow.status_admin import StatusRowAdmin
from trading.models import (
    Asset,
    DailyEquity,
    Fill,
    GainBook,
    Order,
    OrderProgress,
    Position,
    PositionsSync,
    Quote,
    QuotePause,
)
from trading.services import orders, portfolio


class FillInline(ReadOnlyInline):
    """What was executed, and what of it was taken back or corrected."""

    model = Fill
    fields = (
        "at",
        "qty",
        "price",
        "cum_qty",
        "execution_id",
        "activity_id",
        "busted_at",
        "superseded_by",
    )


class ProgressInline(ReadOnlyInline):
    """What the broker said of the order at each moment."""

    model = OrderProgress
    fields = ("at", "kind", "status", "filled_qty", "filled_avg_price", "reason")


@admin.register(Order)
class OrderAdmin(HandMixin, StatusRowAdmin):
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
        "=asset__symbol",
        "=last_request_id",
        "user__email",
    )
    search_help_text = "Our id, Alpaca's order id, a symbol, e-mail address or Request ID"
    list_select_related = ("user",)
    money_actions = ("cancel",)
    ordering = ("-created_at",)
    inlines = (ProgressInline, FillInline)
    actions = ("read_again", "cancel")

    @admin.action(permissions=["operate"], description="Ask the broker what became of it")
    def read_again(self, request: HttpRequest, queryset: QuerySet[Order]) -> None:
        asked = orders.request_reads(orders=queryset)
        self.message_user(request, f"Orders being read: {asked}. Reload in a moment.")

    @admin.action(permissions=["operate"], description="Request its cancellation")
    def cancel(self, request: HttpRequest, queryset: QuerySet[Order]) -> HttpResponse | None:
        text = (
            "The broker is asked to cancel what is left of these orders. What was filled stays filled, and a "
            "canceled order cannot be taken up again. Say who asked for it."
        )
        reason = ask_reason(self, request, queryset, action="cancel", title="Cancel orders", text=text)
        if not isinstance(reason, str):
            return reason
        assert isinstance(request.user, User)
        refused = orders.request_cancels(orders=queryset, by=request.user, now=timezone.now())
        for order, refusal in refused:
            self.message_user(request, f"{order.pk}: {refusal}", messages.ERROR)
        if sent := len(queryset) - len(refused):
            self.message_user(request, f"Cancels being sent: {sent}. Reload in a moment.")
        return None


@admin.register(Position)
class PositionAdmin(ReadOnlyAdmin):
    """Holdings, as last read."""

    list_display = ("account", "symbol", "qty", "avg_entry_price", "cost_basis", "synced_at")
    search_fields = ("=symbol", "=account__id", "=account__account_number", "account__user__email")
    list_select_related = ("account",)


@admin.register(PositionsSync)
class PositionsSyncAdmin(ReadOnlyAdmin):
    """How fresh our positions are."""

    list_display = ("account", "synced_at", "due_at", "failed_reads")
    search_fields = ("=account__id", "=account__account_number", "account__user__email")
    list_select_related = ("account",)
    ordering = ("due_at",)
    actions = ("read_again",)

    def has_operate_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may run actions."""
        return request.user.has_perm("trading.change_positionssync")

    @admin.action(permissions=["operate"], description="Read positions and balances again")
    def read_again(self, request: HttpRequest, queryset: QuerySet[PositionsSync]) -> None:
        asked = portfolio.request_reads(syncs=queryset, now=timezone.now())
        self.message_user(request, f"Accounts being read: {asked}. Reload in a moment.")


@admin.register(DailyEquity)
class DailyEquityAdmin(ReadOnlyAdmin):
    """What accounts were worth by our figures and by the broker's."""

    list_display = ("day", "account", "equity", "broker_equity", "difference", "cash", "positions_value")
    search_fields = ("=account__id", "=account__account_number", "account__user__email")
    list_select_related = ("account",)
    ordering = ("-pk",)


@admin.register(GainBook)
class GainBookAdmin(ReadOnlyAdmin):
    """What the activities of accounts add up to."""

    list_display = ("account", "activities", "cash", "realized", "paid_in", "paid_out", "worked_out_at")
    search_fields = ("=account__id", "=account__account_number", "account__user__email")
    list_select_related = ("account",)


@admin.register(Asset)
class AssetAdmin(ReadOnlyAdmin):
    """What can be traded."""

    list_display = (
        "symbol",
        "asset_class",
        "name",
        "exchange",
        "status",
        "tradable",
        "fractionable",
        "synced_at",
    )
    list_filter = ("status", "asset_class", "tradable", "fractionable", "exchange")
    search_fields = ("symbol__startswith", "name")
    search_exactly = False


@admin.register(Quote)
class QuoteAdmin(ReadOnlyAdmin):
    """Prices, as last synced."""

    list_display = ("asset", "bid", "ask", "last", "previous_close", "as_of", "synced_at")
    search_fields = ("=asset__symbol",)
    list_select_related = ("asset",)
    ordering = ("asset__symbol",)


@admin.register(QuotePause)
class QuotePauseAdmin(ReadOnlyAdmin):
    """Assets that get no price."""

    list_display = ("asset", "failures", "due_at")
    search_fields = ("=asset__symbol",)
    list_select_related = ("asset",)
    ordering = ("-failures",)
