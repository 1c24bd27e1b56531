"""Ops pages of this app: read-only but for actions, each of which calls a service."""

from datetime import timedelta
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone

from brokerapp.accounts.access import person
from brokerapp.accounts.signin.gate import confirm
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.decisions import services as decisions
from brokerapp.in_hand.admin import HandMixin
from brokerapp.security_log.reveal import RevealMixin
from brokerapp.ui.admin_pages import ask_reason
from brokerapp.ui.forms import ReasonForm
from brokerapp.workflow.state import IllegalMove
from brokerapp.workflow.status_admin import StatusRowAdmin
from funding.models import BankLink, Transfer
from funding.services import banks, settling
from funding.snapshots import Snapshot
from funding.statuses import TransferStatus

ASKED, PROPOSED = "Asking the broker", "Proposed, and waits for somebody else to confirm it"


@admin.register(BankLink)
class BankLinkAdmin(HandMixin, RevealMixin, StatusRowAdmin):
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
        return [("yes", "Yes"), ("no", "No")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> QuerySet[Transfer]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.filter(needs_decision_at__isnull=self.value() == "no")


class ReturnedFilter(admin.SimpleListFilter):
    """What banks sent back lately."""

    title = "returned"
    parameter_name = "returned"

    def lookups(
        self, request: HttpRequest, model_admin: "admin.ModelAdmin[Transfer]"
    ) -> list[tuple[str, str]]:
        return [("14", "In the last 14 days")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> QuerySet[Transfer]:
        if self.value() != "14":
            return queryset
        since = timezone.now() - timedelta(days=14)
        return queryset.filter(status=TransferStatus.RETURNED, status_at__gt=since)


@admin.register(Transfer)
class TransferAdmin(HandMixin, StatusRowAdmin):
    """Deposits and withdrawals. UNKNOWN ones are looked for by themselves and wait for a decision here."""

    list_display = (
        "id",
        "user",
        "rail",
        "direction",
        "amount",
        "status",
        "status_at",
        "last_request_id",
    )
    list_filter = (UndecidedFilter, ReturnedFilter, "status", "rail", "direction", "created_at")
    search_fields = (
        "=id",
        "=broker_transfer_id",
        "=user__email",
        "=account__account_number",
        "=last_request_id",
    )
    search_help_text = "Our id, Alpaca's transfer id, e-mail address, account number or Request ID"
    list_select_related = ("user",)
    ordering = ("-created_at",)
    actions = ("ask_broker", "propose_not_done", "propose_which")
    money_actions = ("propose_not_done",)

    def get_urls(self) -> list[Any]:
        view = self.admin_site.admin_view(self.which_view)
        return [path("<path:object_id>/which/", view, name="funding_transfer_which"), *super().get_urls()]

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

    @admin.action(permissions=["propose"], description="Propose: is one of those that the broker has")
    def propose_which(self, request: HttpRequest, queryset: QuerySet[Transfer]) -> HttpResponse | None:
        if len(chosen := list(queryset[:2])) != 1:
            self.message_user(request, "Choose one transfer, not several.", messages.ERROR)
            return None
        return redirect("admin:funding_transfer_which", chosen[0].pk)

    def which_view(self, request: HttpRequest, object_id: str) -> HttpResponseBase:
        """Show what the broker has that can be this transfer, and propose one of them, with a reason.

        Asks the broker. Raises `PermissionDenied`, and allauth's `ReauthenticationRequired`.
        """
        if not (self.has_view_permission(request) and self.has_propose_permission(request)):
            raise PermissionDenied
        confirm(request)
        transfer = self.get_object(request, object_id)
        if transfer is None:
            raise Http404
        back = redirect("admin:funding_transfer_change", transfer.pk)
        try:
            candidates = settling.find_candidates(transfer=transfer)
        except (BrokerError, settling.NotUndecided) as error:
            messages.error(request, str(error))
            return back
        form = WhichForm(request.POST or None, candidates=candidates)
        if request.method == "POST" and form.is_valid():
            self._propose_which(request, transfer, form.cleaned_data)
            return back
        context = {
            **self.admin_site.each_context(request),
            "title": "Which one is it at the broker?",
            "opts": self.opts,
            "row": transfer,
            "form": form,
            "candidates": candidates,
        }
        status = 422 if form.errors else 200
        return TemplateResponse(request, "admin/funding/which.html", context, status=status)

    def _propose_which(self, request: HttpRequest, transfer: Transfer, answers: dict[str, str]) -> None:
        try:
            decisions.propose(
                what=settling.IS_THIS,
                row=transfer,
                by=person(request),
                reason=answers["reason"],
                value=answers["which"],
            )
        except IllegalMove as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, f"{PROPOSED}.")


class WhichForm(ReasonForm):
    """One of the broker's transfers, and why it is that one."""

    which = forms.ChoiceField(label="It is", widget=forms.RadioSelect)

    def __init__(self, *args: Any, candidates: list[Snapshot], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast(forms.ChoiceField, self.fields["which"])
        field.choices = [(str(found.id), _in_words(found)) for found in candidates]


def _in_words(found: Snapshot) -> str:
    made = f"made {found.created_at:%Y-%m-%d %H:%M:%S} UTC" if found.created_at else "time not known"
    return f"{found.id}: {found.status}, {made}"
