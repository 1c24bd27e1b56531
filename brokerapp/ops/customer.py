"""Everything about a person on one page, as far as a member of staff may read it: the newest of each kind.

Of personal data only what lists of staff show anyway: name, e-mail address, the ends of numbers. The rest is
behind the page that reveals it, which asks why.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from brokerapp.accounts.capabilities import Capability, refusal
from brokerapp.accounts.models import BrokerageAccount, User, WithdrawalHold
from brokerapp.activities.models import Activity
from brokerapp.broker.calls.models import ApiCall
from brokerapp.decisions.models import StaffDecision
from brokerapp.notices.models import Notice
from brokerapp.ops.models import StaffNote
from brokerapp.records.models import IssuedDocument
from brokerapp.security_log.models import SecurityEvent
from brokerapp.support.models import Case
from brokerapp.ui.admin_columns import calls_link, change_link, time_text
from brokerapp.ui.templatetags.ui import money, qty
from funding.models import BankLink, Transfer
from onboarding.kyc_results import open_requests
from onboarding.models import KycApplication
from trading.models import Order, Position

SHOWN = 8


@dataclass(frozen=True)
class Section:
    """One kind of rows of a person: a table of the newest, and the list with all of them."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    url: str = ""
    empty: str = "None."


@dataclass(frozen=True)
class AccountFacts:
    """An account as staff need it at a glance: what it may do, and why not."""

    account: BrokerageAccount
    blocks: list[tuple[str, str]]
    """What it may not do now, and the fact that keeps it from that."""
    asks: list[str]
    """What the broker's KYC checks still want, in words."""


@dataclass(frozen=True)
class Customer:
    """A person as staff see them."""

    user: User
    accounts: list[AccountFacts]
    second_steps: list[str]
    hold: WithdrawalHold | None
    sections: list[Section] = field(default_factory=list)
    notes: list[StaffNote] = field(default_factory=list)


Made = Callable[[User], Section]


def customer(user: User, staff: AbstractBaseUser | AnonymousUser, now: datetime) -> Customer:
    """The person, with the sections that the member of staff may read. About one query a section."""
    may: Callable[[str], bool] = staff.has_perm  # type: ignore[union-attr]
    accounts = []
    if may("accounts.view_brokerageaccount"):
        accounts = [facts_of(account) for account in BrokerageAccount.objects.of_person(user.pk)]
    steps = Authenticator.objects.filter(user=user).values_list("type", flat=True)
    notes = []
    if may("ops.view_staffnote"):
        notes = list(StaffNote.objects.filter(person_id=user.pk).order_by("-at")[:50])
    hold = WithdrawalHold.objects.current(user.pk, now) if may("accounts.view_withdrawalhold") else None
    sections = [make(user) for permission, make in SECTIONS if may(permission)]
    return Customer(user, accounts, [str(step) for step in steps], hold, sections, notes)


def facts_of(account: BrokerageAccount) -> AccountFacts:
    """What an account may not do now and why, and what the broker still wants of its owner."""
    found = ((capability.label, refusal(account, capability)) for capability in Capability)
    blocks = [(str(label), str(why)) for label, why in found if why is not None]
    return AccountFacts(account, blocks, [asked.title for asked in open_requests(account.kyc_results)])


def _list(page: str, query: str) -> str:
    return f"{reverse(f'admin:{page}_changelist')}?{query}"


def _of(user: User, page: str) -> str:
    return _list(page, f"user__id__exact={user.pk}")


def _link(row: Any, text: str) -> str:
    return change_link(row._meta.label, row.pk, text)


def _applications(user: User) -> Section:
    rows = KycApplication.objects.filter(user=user).order_by("-created_at")[:SHOWN]
    return Section(
        "Applications",
        ("Begun, ET", "Status", "Why", "Broker's reply"),
        [
            (
                time_text(row.created_at),
                _link(row, row.get_status_display()),
                row.status_reason,
                calls_link(row.last_request_id),
            )
            for row in rows
        ],
        _of(user, "onboarding_kycapplication"),
    )


def _transfers(user: User) -> Section:
    rows = Transfer.objects.filter(user=user).order_by("-created_at")[:SHOWN]
    return Section(
        "Deposits and withdrawals",
        ("When, ET", "What", "Amount", "Status", "Why", "Broker's reply"),
        [
            (
                time_text(row.created_at),
                _link(row, row.get_direction_display()),
                money(row.amount),
                row.get_status_display(),
                row.reason,
                calls_link(row.last_request_id),
            )
            for row in rows
        ],
        _of(user, "funding_transfer"),
    )


def _banks(user: User) -> Section:
    rows = BankLink.objects.filter(user=user).order_by("-created_at")[:SHOWN]
    return Section(
        "Banks",
        ("Linked, ET", "Bank", "Status", "Why", "Broker's reply"),
        [
            (
                time_text(row.created_at),
                _link(row, f"{row.bank_name or 'Bank'} ••{row.last4}"),
                row.get_status_display(),
                row.status_reason,
                calls_link(row.last_request_id),
            )
            for row in rows
        ],
        _of(user, "funding_banklink"),
    )


def _orders(user: User) -> Section:
    rows = Order.objects.filter(user=user).order_by("-created_at")[:SHOWN]
    return Section(
        "Orders",
        ("When, ET", "Order", "Filled", "Status", "Why", "Broker's reply"),
        [
            (
                time_text(row.created_at),
                _link(row, _order_in_words(row)),
                qty(row.filled_qty),
                row.get_status_display(),
                row.status_reason,
                calls_link(row.last_request_id),
            )
            for row in rows
        ],
        _of(user, "trading_order"),
    )


def _order_in_words(order: Order) -> str:
    size = money(order.notional) if order.qty is None else qty(order.qty)
    return f"{order.get_side_display()} {size} {order.symbol}"


def _positions(user: User) -> Section:
    rows = Position.objects.filter(account__user=user).select_related("account").order_by("symbol")[:50]
    return Section(
        "Holdings",
        ("Symbol", "Quantity", "Cost", "Account", "Read, ET"),
        [
            (row.symbol, qty(row.qty), money(row.cost_basis), row.account.title, time_text(row.synced_at))
            for row in rows
        ],
        _list("trading_position", f"account__user__id__exact={user.pk}"),
    )


def _activities(user: User) -> Section:
    accounts = BrokerageAccount.objects.filter(user=user)
    rows = Activity.objects.filter(account__in=list(accounts)).order_by("-at", "-pk")[:SHOWN]
    return Section(
        "Movements in the broker's books",
        ("When, ET", "What", "Symbol", "Quantity", "Cash"),
        [
            (
                time_text(row.at),
                _link(row, f"{row.activity_type} {row.subtype}".strip()),
                row.symbol,
                qty(row.qty),
                money(row.net_amount),
            )
            for row in rows
        ],
        _list("activities_activity", f"account__user__id__exact={user.pk}"),
    )


def _papers(user: User) -> Section:
    rows = IssuedDocument.objects.filter(account__user=user).order_by("-date", "-pk")[:SHOWN]
    return Section(
        "Papers",
        ("Of", "What", "First seen, ET", "Opened, ET"),
        [
            (str(row.date), _link(row, row.title), time_text(row.first_seen_at), time_text(row.opened_at))
            for row in rows
        ],
        _list("records_issueddocument", f"account__user__id__exact={user.pk}"),
    )


def _notices(user: User) -> Section:
    rows = Notice.objects.filter(user=user).order_by("-created_at", "-pk")[:SHOWN]
    return Section(
        "Notices and mails",
        ("When, ET", "What", "Status", "Arrival", "Problem"),
        [
            (
                time_text(row.created_at),
                _link(row, row.get_kind_display()),
                row.get_status_display(),
                row.get_arrival_display() or "–",
                row.error,
            )
            for row in rows
        ],
        _of(user, "notices_notice"),
    )


def _security(user: User) -> Section:
    rows = SecurityEvent.objects.filter(person_id=user.pk).order_by("-at", "-pk")[:SHOWN]
    return Section(
        "Sign-ins, and what staff did",
        ("When, ET", "What", "From", "Why"),
        [(time_text(row.at), _link(row, row.label), row.ip or "–", row.reason) for row in rows],
        _list("security_log_securityevent", f"q=person+{user.pk}"),
    )


def _calls(user: User) -> Section:
    rows = (
        ApiCall.objects.filter(person_id=user.pk)
        .exclude(ApiCall.QUIET)
        .order_by("-started_at", "-pk")[:SHOWN]
    )
    return Section(
        "Calls to the broker, without reads that went well",
        ("When, ET", "Call", "Outcome", "Status", "Request ID"),
        [
            (
                time_text(row.started_at),
                _link(row, f"{row.method} {row.path}"),
                row.get_outcome_display(),
                row.http_status or "–",
                calls_link(row.request_id),
            )
            for row in rows
        ],
        _list("calls_apicall", f"person_id__exact={user.pk}"),
    )


def _decisions(user: User) -> Section:
    rows = StaffDecision.objects.filter(person_id=user.pk).order_by("-created_at")[:SHOWN]
    return Section(
        "Decisions of staff",
        ("When, ET", "What", "Status", "Why"),
        [
            (time_text(row.created_at), _link(row, row.what), row.get_status_display(), row.reason)
            for row in rows
        ],
        _list("decisions_staffdecision", f"person_id__exact={user.pk}"),
    )


def _cases(user: User) -> Section:
    rows = Case.objects.filter(user=user).order_by("-created_at")[:SHOWN]
    return Section(
        "Questions to support",
        ("When, ET", "About", "Status", "Reference"),
        [
            (
                time_text(row.created_at),
                _link(row, row.get_topic_display()),
                row.get_status_display(),
                row.reference,
            )
            for row in rows
        ],
        _of(user, "support_case"),
    )


SECTIONS: tuple[tuple[str, Made], ...] = (
    ("funding.view_transfer", _transfers),
    ("trading.view_order", _orders),
    ("trading.view_position", _positions),
    ("activities.view_activity", _activities),
    ("funding.view_banklink", _banks),
    ("onboarding.view_kycapplication", _applications),
    ("records.view_issueddocument", _papers),
    ("notices.view_notice", _notices),
    ("support.view_case", _cases),
    ("decisions.view_staffdecision", _decisions),
    ("calls.view_apicall", _calls),
    ("security_log.view_securityevent", _security),
)
"""What is on the page, in this order, and who may read it."""


def ways_on(user: User, staff: AbstractBaseUser | AnonymousUser) -> Iterable[tuple[str, str]]:
    """Pages that act on the person, for those who may: rights and reset mails, export and erasure."""
    pages = (
        ("accounts.view_user", "admin:accounts_user_change", "Sign-in and rights"),
        ("privacy.view_datasubject", "admin:privacy_datasubject_change", "Export or erase their data"),
    )
    for permission, name, title in pages:
        if staff.has_perm(permission):  # type: ignore[union-attr]
            yield reverse(name, args=[user.pk]), title
