"""The pages of funding: transfers, banks, deposit and withdrawal. One service call each."""

from dataclasses import asdict
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin, Blocked, SectionMixin
from brokerapp.accounts.capabilities import AccountRefused, Capability, can
from brokerapp.accounts.signin import gate
from brokerapp.broker.calls.models import ApiCall
from brokerapp.units.market_time import day_in_new_york
from brokerapp.web.fixed_queries import Pages
from brokerapp.workflow import intents
from brokerapp.workflow.models import StatusChange, history_of
from funding import bank_days, ira, rules, timelines
from funding.forms import AmountForm, LinkBankForm, amount_form
from funding.models import BankLink, Transfer
from funding.services import banks, reading, transfers
from funding.statuses import FINAL_BANK, BankLinkStatus, Direction
from onboarding.services import profile

PURPOSE = "transfer"
HISTORY_PAGE = 20
HELD_FOR = timedelta(days=7)
"""How long a complete deposit is named where money cannot be withdrawn."""


class FundingView(AccountRequiredMixin):
    """A page about the person's own account; rows of others do not exist for it."""

    def active_bank(self) -> BankLink | None:
        """The account's one bank that is linked or on the way to it."""
        return next(iter(reading.find_active_bank(self.account.pk)), None)

    def own_bank(self, pk: UUID) -> BankLink:
        """The bank of this id. Raises `Http404` if there is none, or it is somebody else's."""
        link = BankLink.objects.filter(account=self.account, pk=pk).select_related("account").first()
        if link is None:
            raise Http404
        return link

    def blocked(self, bank: BankLink | None, capability: Capability) -> Blocked | None:
        """The fact that keeps money from moving, and the page that helps; None if it may move."""
        try:
            rules.check_can_move_money(self.account, bank, capability)
        except AccountRefused as refusal:
            return Blocked.by(self.account, refusal)
        except rules.NoApprovedBank as refusal:
            if bank is None:
                return Blocked(str(refusal), self.url("funding:link_bank"), "Link a bank")
            return Blocked(str(refusal), self.url("funding:bank", bank.pk), "See your bank")
        return None


class Transfers(SectionMixin, FundingView):
    """Balances explained, the bank, what is on its way, and history."""

    section = "transfer"

    def get(self, request: HttpRequest) -> HttpResponse:
        now = timezone.now()
        bank = self.active_bank()
        in_flight = reading.find_in_flight(self.account.pk)
        moving = [row for row in in_flight if not row.is_undecided]
        with_steps = _with_steps(in_flight, now)
        facts = transfers.get_transfer_facts(account=self.account, now=now)
        ended: Any = Pages(reading.find_ended, self.account.pk)
        page = Paginator(ended, HISTORY_PAGE).get_page(request.GET.get("page"))
        refused = [] if bank else reading.find_refused_bank(self.account.pk)
        blocked, withdrawal_blocked = (
            self.blocked(bank, each) for each in (Capability.DEPOSIT, Capability.WITHDRAW)
        )
        context = {
            "account": self.account,
            "bank": bank,
            "bank_tone": timelines.bank_tone(bank) if bank else "",
            "refused_bank": next(iter(refused), None),
            "blocked": blocked,
            "withdrawal_blocked": withdrawal_blocked,
            "may_link": can(self.account, Capability.LINK_BANK),
            "moving": [each for each in with_steps if not each["transfer"].is_undecided],
            "undecided": [each for each in with_steps if each["transfer"].is_undecided],
            "pending_in": sum((row.amount for row in moving if row.is_deposit), Decimal("0.00")),
            "pending_out": sum((row.amount for row in moving if not row.is_deposit), Decimal("0.00")),
            "withdrawable": rules.withdrawable(self.account, facts),
            "returned": transfers.get_returned(
                account_id=self.account.pk, user_id=self.account.user_id, now=now
            ),
            "page": page,
            "history": [(row, timelines.transfer_tone(row)) for row in page.object_list],
            "waiting": bool(in_flight) or (bank is not None and not bank.is_approved),
            "sandbox": settings.BROKER_IS_SANDBOX,
        }
        return render(request, "funding/transfers.html", context)


def _with_steps(rows: list[Transfer], now: datetime) -> list[dict[str, Any]]:
    """Each transfer with its timeline; one query for the history of all."""
    changes: dict[str, list[StatusChange]] = {}
    for change in history_of(rows):
        changes.setdefault(change.row_id, []).append(change)
    return [
        {
            "transfer": row,
            "tone": timelines.transfer_tone(row),
            "steps": timelines.transfer_steps(row, changes.get(str(row.pk), []), now),
        }
        for row in rows
    ]


class LinkBank(FundingView, gate.ConfirmedMixin):
    """Links a bank by its numbers."""

    asks_broker = ("POST",)

    def get(self, request: HttpRequest) -> HttpResponse:
        bank = self.active_bank()
        if bank is not None:
            return self.redirect("funding:bank", bank.pk)
        return self.page(LinkBankForm(application=profile.current(self.account)))

    def post(self, request: HttpRequest) -> HttpResponse:
        form = LinkBankForm(request.POST, application=profile.current(self.account))
        if not form.is_valid():
            return self.page(form)
        try:
            link = banks.link_bank(account=self.account, details=form.details(), by=self.account.user)
        except (AccountRefused, banks.BankAlreadyLinked) as refusal:
            form.add_error(None, str(refusal))
            return self.page(form)
        if link.status == BankLinkStatus.REJECTED:
            form.add_error(None, link.status_reason)
            return self.page(form, reference=link.last_request_id)
        return self.redirect("funding:bank", link.pk)

    def page(self, form: LinkBankForm, reference: str = "") -> HttpResponse:
        """The form; refused, it keeps all that was typed and has status 422."""
        context = {
            "form": form,
            "blocked": self.blocked_from(Capability.LINK_BANK),
            "reference": reference,
            "sandbox": settings.BROKER_IS_SANDBOX,
        }
        return render(self.request, "funding/link_bank.html", context, status=422 if form.is_bound else 200)


class Bank(FundingView):
    """One linked bank: its status, and what can be done with it."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        link = self.own_bank(pk)
        context = {
            "bank": link,
            "tone": timelines.bank_tone(link),
            "running": link.transfers.in_flight().count(),
            "waiting": link.status not in (BankLinkStatus.APPROVED, *FINAL_BANK),
            "log": timelines.event_log(link, StatusChange.objects.about(link)),
            "request_id": _request_id(link),
            "sandbox": settings.BROKER_IS_SANDBOX,
        }
        return render(request, "funding/bank.html", context)


class UnlinkBank(FundingView, gate.ConfirmedMixin):
    """Asks whether to unlink, and does."""

    asks_broker = ("POST",)

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        return render(request, "funding/unlink_bank.html", {"bank": self.own_bank(pk)})

    def post(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        try:
            link = banks.unlink_bank(link=self.own_bank(pk), by=self.account.user)
        except banks.CannotUnlink as refusal:
            messages.warning(request, str(refusal))
            return self.redirect("funding:bank", pk)
        if link.status == BankLinkStatus.CANCELED:
            messages.success(request, f"{link.name} is unlinked.")
            return self.redirect("funding:transfers")
        return self.redirect("funding:bank", pk)


class Amount(FundingView):
    """How much to deposit or to withdraw; then on to the review."""

    direction: Direction = Direction.INCOMING

    @property
    def capability(self) -> Capability:
        """What the account must be able to do."""
        is_deposit = self.direction == Direction.INCOMING
        return Capability.DEPOSIT if is_deposit else Capability.WITHDRAW

    def get(self, request: HttpRequest) -> HttpResponse:
        typed = {"amount", *ira.Details.__dataclass_fields__} & set(request.GET)
        form = self.form(initial={name: request.GET[name] for name in typed})
        return self.page(form)

    def post(self, request: HttpRequest) -> HttpResponse:
        form = self.form(request.POST)
        if not form.is_valid():
            return self.page(form)
        assert self.bank is not None
        data = {
            "direction": self.direction.value,
            "amount": str(form.cleaned_data["amount"]),
            "bank": str(self.bank.pk),
            **form.details().words,
        }
        return self.redirect("funding:transfer_review", self.mint(data))

    def mint(self, data: dict[str, str]) -> str:
        """A one-use token of this account for the review page."""
        return intents.mint(PURPOSE, self.account.user_id, self.account.pk, data)

    def form(self, *args: Any, **kwargs: Any) -> AmountForm:
        """The form, with the facts it is held against."""
        self.bank = self.active_bank()
        self.facts = transfers.get_transfer_facts(account=self.account, now=timezone.now())
        return amount_form(self.account, self.direction)(
            *args, account=self.account, bank=self.bank, direction=self.direction, facts=self.facts, **kwargs
        )

    def obstacles(self, withdrawable: Decimal) -> list[str]:
        """Why no withdrawal at all can be made, in sentences; empty if one can."""
        if self.direction == Direction.INCOMING or withdrawable > 0:
            return []
        recent = Transfer.objects.filter(account=self.account).recent(timezone.now() - HELD_FOR)
        return timelines.why_not_withdrawable(self.account, recent)

    def page(self, form: AmountForm) -> HttpResponse:
        """The form; refused, it keeps what was typed and has status 422."""
        withdrawable = rules.withdrawable(self.account, self.facts)
        context = {
            "form": form,
            "account": self.account,
            "bank": self.bank,
            "blocked": self.blocked(self.bank, self.capability),
            "is_deposit": self.direction == Direction.INCOMING,
            "withdrawable": withdrawable,
            "obstacles": self.obstacles(withdrawable),
            "unseen": self.facts.withdrawals_unseen,
            "limit": rules.DEPOSITS_PER_DAY,
            "sandbox": settings.BROKER_IS_SANDBOX,
        }
        return render(self.request, "funding/amount.html", context, status=422 if form.is_bound else 200)


class TransferReview(FundingView):
    """What is about to happen and when; its POST makes it happen, once per token."""

    asks_broker = ("POST",)
    typed_is_kept = False

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        account = self.account
        try:
            self.intent = intents.read(PURPOSE, account.user_id, account.pk, kwargs["token"])
        except intents.IntentExpired as expired:
            return self.start_again(expired.data)
        if self.intent.data["direction"] == Direction.OUTGOING:
            # Money leaves: a session left open on a shared machine must not be enough.
            gate.check(request)
        return super().dispatch_own(request, *args, **kwargs)

    def start_again(self, data: dict[str, Any]) -> HttpResponse:
        """Back from a review that cannot be used to the amount as it was, where that is known."""
        messages.warning(
            self.request, "That page was too old to use, and nothing was sent. Please check the amount."
        )
        return redirect(self.form_url(data)) if data else self.redirect("funding:transfers")

    def form_url(self, data: dict[str, Any]) -> str:
        """The form with the amount filled in as it was."""
        name = "funding:deposit" if data["direction"] == Direction.INCOMING else "funding:withdraw"
        typed = {"amount": data["amount"], **ira.Details.read(data).words}
        return f"{self.url(name)}?{urlencode(typed)}"

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        if Transfer.objects.filter(account=self.account, pk=self.intent.id).exists():
            return self.redirect("funding:transfer", self.intent.id)
        bank = BankLink.objects.filter(account=self.account, pk=self.intent.data["bank"]).first()
        if bank is None:
            raise Http404
        now = timezone.now()
        is_deposit = self.intent.data["direction"] == Direction.INCOMING
        amount = Decimal(self.intent.data["amount"])
        context = {
            "account": self.account,
            "amount": amount,
            "bank": bank,
            "is_deposit": is_deposit,
            # As it will be kept; nothing is written before the POST.
            "transfer": Transfer(amount=amount, **asdict(ira.Details.read(self.intent.data))),
            "cash_after": self.account.cash + amount if is_deposit else self.account.cash - amount,
            "sent_on": bank_days.sent_on(now),
            "goes_today": bank_days.sent_on(now) == day_in_new_york(now),
            "expected_on": bank_days.expected_on(now),
            "edit_url": self.form_url(self.intent.data),
            "sandbox": settings.BROKER_IS_SANDBOX,
        }
        return render(request, "funding/review.html", context)

    def post(self, request: HttpRequest, token: str) -> HttpResponse:
        data = self.intent.data
        try:
            transfer = transfers.request_transfer(
                account=self.account,
                intent_id=self.intent.id,
                direction=data["direction"],
                amount=Decimal(data["amount"]),
                bank_link_id=data["bank"],
                details=ira.Details.read(data),
                by=self.account.user,
                now=timezone.now(),
            )
        except (AccountRefused, rules.TransferRefused) as refusal:
            messages.error(request, f"Nothing was sent. {refusal}")
            return redirect(self.form_url(data))
        return self.redirect("funding:transfer", transfer.pk)


def _request_id(row: Transfer | BankLink) -> str:
    """Of the call that sent it; of what changed it last where there was none."""
    sent_by = ApiCall.objects.request_id_of_write(row)
    return row.last_request_id if sent_by is None else sent_by


class TransferReceipt(FundingView):
    """One transfer: its timeline, our log of it, and the references that support can look up."""

    def get(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        transfer = next(iter(reading.find_transfer(self.account.pk, pk)), None)
        if transfer is None:
            raise Http404
        changes = history_of([transfer])
        context = {
            "transfer": transfer,
            "account": self.account,
            "bank": transfer.bank_link,
            "tone": timelines.transfer_tone(transfer),
            "steps": timelines.transfer_steps(transfer, changes, timezone.now()),
            "log": timelines.event_log(transfer, changes),
            "request_id": _request_id(transfer),
            "sandbox": settings.BROKER_IS_SANDBOX,
        }
        return render(request, "funding/transfer.html", context)
