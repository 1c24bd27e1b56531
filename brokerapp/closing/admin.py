"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from brokerapp.closing.models import AccountClosing, ClosingStatus
from brokerapp.in_hand.admin import HandMixin
from brokerapp.workflow import jobs
from brokerapp.workflow.status_admin import StatusRowAdmin


@admin.register(AccountClosing)
class AccountClosingAdmin(HandMixin, StatusRowAdmin):
    """Who wanted an account closed, when, and what became of it."""

    list_display = ("id", "user", "account", "status", "status_at", "created_at", "last_request_id")
    list_filter = ("status", "created_at")
    search_fields = ("=id", "=user__email", "=account__account_number", "=last_request_id")
    search_help_text = "Our id, e-mail address, account number or Request ID"
    list_select_related = ("user", "account")
    ordering = ("-created_at",)
    actions = ("settle",)

    @admin.action(permissions=["operate"], description="Ask the broker whether it is closed")
    def settle(self, request: HttpRequest, queryset: QuerySet[AccountClosing]) -> None:
        def ask(closing: AccountClosing) -> None:
            jobs.enqueue(
                "brokerapp.closing.tasks.settle_closing", closing_id=closing.pk, staff_id=request.user.pk
            )

        self.run_action(
            request, queryset.filter(status=ClosingStatus.UNKNOWN), "Asked the broker about it", ask
        )
