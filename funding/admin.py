"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse

from brokerapp.accounts.access import person
from brokerapp.decisions import services as decisions
from brokerapp.security_log.reveal import RevealMixin
from brokerapp.ui.admin_pages import ask_reason
from brokerapp.workflow.status_admin import StatusRowAdmin
from funding.models import BankLink, Transfer
from funding.services import banks, settling

ASKED, PROPOSED = "Asking the broker", "Proposed, and waits for somebody else to confirm it"


@admin.register(BankLink)
class BankLinkAdmin(RevealMixin, StatusRowAdmin):
    """Linked banks, by their last four digits; the numbers themselves only on the page that reveals them."""

    hidden = ("account_owner_name", "bank_account_number", "bank_routing_number")

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
    actions = ("ask_broker", "propose_not_done")
    money_actions = ("propose_not_done",)

    @admin.action(permissions=["operate"], description="Ask the broker now")
    def ask_broker(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> None:
        by = person(request)
        self.run_action(
            request, queryset, ASKED, lambda transfer: settling.ask_broker_soon(transfer=transfer, by=by)
        )

    def has_propose_permission(self, request: HttpRequest) -> bool:
        """Whether this member of staff may propose a decision on money."""
        return request.user.has_perm(decisions.PROPOSE)

    @admin.action(
        permissions=["propose"],
        description="Propose: was never made (once the broker's support has confirmed it)",
    )
    def propose_not_done(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> HttpResponse | None:
        text = (
            "Say who at the broker confirmed that these were never made, and when. Somebody else has to "
            "agree before anything happens; they then count as never made."
        )
        title = "Propose that it was never made"
        reason = ask_reason(self, request, queryset, action="propose_not_done", title=title, text=text)
        if not isinstance(reason, str):
            return reason
        by = person(request)
        self.run_action(
            request,
            queryset,
            PROPOSED,
            lambda row: decisions.propose(what=settling.NEVER_MADE, row=row, by=by, reason=reason),
        )
        return None
