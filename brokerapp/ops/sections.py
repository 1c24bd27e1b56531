"""The kinds of rows on the page of everything about a person: which rows, who may read them, and how."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.activities.models import Activity
from brokerapp.activities.words import code_of, title_of
from brokerapp.broker.calls.models import ApiCall
from brokerapp.decisions.models import StaffDecision
from brokerapp.decisions.services import label_of
from brokerapp.notices.models import Notice
from brokerapp.records.models import IssuedDocument
from brokerapp.security_log.models import SecurityEvent
from brokerapp.support.models import Case
from brokerapp.ui.admin_columns import calls_link, change_link, time_text
from brokerapp.ui.templatetags.ui import money, qty
from funding.models import BankLink, Transfer
from onboarding.models import KycApplication
from trading.models import Order, Position

SHOWN, MOST_HOLDINGS = 8, 50
OF_USER, OF_ACCOUNT = "user__id__exact={}", "account__user__id__exact={}"
"""The filter by which a list shows the rows of one person; `{}` is their number."""

Cell = Callable[[Any], Any]


@dataclass(frozen=True)
class Section:
    """One kind of rows of a person: a table of the newest, and the list with all of them."""

    title: str
    heads: tuple[str, ...]
    rows: list[tuple[Any, ...]]
    url: str
    empty: str = "None."


@dataclass(frozen=True)
class Kind:
    """One kind of rows: which of a person's, newest first, what each column says, and the list of all."""

    title: str
    permission: str
    page: str
    rows: Callable[[User], QuerySet[Any]]
    columns: Mapping[str, Cell]
    query: str = OF_USER
    shown: int = SHOWN

    def of(self, user: User) -> Section:
        """The section with the person's newest rows. One query."""
        url = f"{reverse(f'admin:{self.page}_changelist')}?{self.query.format(user.pk)}"
        rows = [tuple(cell(row) for cell in self.columns.values()) for row in self.rows(user)[: self.shown]]
        return Section(self.title, tuple(self.columns), rows, url)


def _at(name: str) -> Cell:
    """A moment, in New York."""
    return lambda row: time_text(getattr(row, name))


def _of(name: str) -> Cell:
    """A column as it is."""
    return lambda row: getattr(row, name)


def _said(name: str) -> Cell:
    """A column of choices, in words."""
    return lambda row: getattr(row, f"get_{name}_display")()


def _to(words: Cell) -> Cell:
    """These words, leading to the row's own page."""
    return lambda row: change_link(row._meta.label, row.pk, words(row))


def _reply(row: Any) -> str:
    return calls_link(row.last_request_id)


def _order_in_words(order: Order) -> str:
    size = money(order.notional) if order.qty is None else qty(order.qty)
    return f"{order.get_side_display()} {size} {order.symbol}"


KINDS = (
    Kind(
        "Deposits and withdrawals",
        "funding.view_transfer",
        "funding_transfer",
        lambda user: Transfer.objects.filter(user=user).order_by("-created_at"),
        {
            "When, ET": _at("created_at"),
            "What": _to(_said("direction")),
            "Amount": lambda row: money(row.amount),
            "Status": _said("status"),
            "Why": _of("reason"),
            "Broker's reply": _reply,
        },
    ),
    Kind(
        "Orders",
        "trading.view_order",
        "trading_order",
        lambda user: Order.objects.filter(user=user).order_by("-created_at"),
        {
            "When, ET": _at("created_at"),
            "Order": _to(_order_in_words),
            "Filled": lambda row: qty(row.filled_qty),
            "Status": _said("status"),
            "Why": _of("status_reason"),
            "Broker's reply": _reply,
        },
    ),
    Kind(
        "Holdings",
        "trading.view_position",
        "trading_position",
        lambda user: Position.objects.filter(account__user=user).select_related("account").order_by("symbol"),
        {
            "Symbol": _of("symbol"),
            "Quantity": lambda row: qty(row.qty),
            "Cost": lambda row: money(row.cost_basis),
            "Account": lambda row: row.account.title,
            "Read, ET": _at("synced_at"),
        },
        query=OF_ACCOUNT,
        shown=MOST_HOLDINGS,
    ),
    Kind(
        "Movements in the broker's books",
        "activities.view_activity",
        "activities_activity",
        # The accounts first: joined, the index of an account's newest would not be used.
        lambda user: Activity.objects.filter(
            account__in=list(BrokerageAccount.objects.filter(user=user))
        ).order_by("-at", "-pk"),
        {
            "When, ET": _at("at"),
            "What": _to(title_of),
            "Broker's code": code_of,
            "Quantity": lambda row: qty(row.qty),
            "Cash": lambda row: money(row.net_amount),
        },
        query=OF_ACCOUNT,
    ),
    Kind(
        "Banks",
        "funding.view_banklink",
        "funding_banklink",
        lambda user: BankLink.objects.filter(user=user).order_by("-created_at"),
        {
            "Linked, ET": _at("created_at"),
            "Bank": _to(lambda row: f"{row.bank_name or 'Bank'} ••{row.last4}"),
            "Status": _said("status"),
            "Why": _of("status_reason"),
            "Broker's reply": _reply,
        },
    ),
    Kind(
        "Applications",
        "onboarding.view_kycapplication",
        "onboarding_kycapplication",
        lambda user: KycApplication.objects.filter(user=user).order_by("-created_at"),
        {
            "Begun, ET": _at("created_at"),
            "Status": _to(_said("status")),
            "Why": _of("status_reason"),
            "Broker's reply": _reply,
        },
    ),
    Kind(
        "Papers",
        "records.view_issueddocument",
        "records_issueddocument",
        lambda user: IssuedDocument.objects.filter(account__user=user).order_by("-date", "-pk"),
        {
            "Of": _of("date"),
            "What": _to(_of("title")),
            "First seen, ET": _at("first_seen_at"),
            "Opened, ET": _at("opened_at"),
        },
        query=OF_ACCOUNT,
    ),
    Kind(
        "Notices and mails",
        "notices.view_notice",
        "notices_notice",
        lambda user: Notice.objects.filter(user=user).order_by("-created_at", "-pk"),
        {
            "When, ET": _at("created_at"),
            "What": _to(_said("kind")),
            "Status": _said("status"),
            "Arrival": _said("arrival"),
            "Problem": _of("error"),
        },
    ),
    Kind(
        "Questions to support",
        "support.view_case",
        "support_case",
        lambda user: Case.objects.filter(user=user).order_by("-created_at"),
        {
            "When, ET": _at("created_at"),
            "About": _to(_said("topic")),
            "Status": _said("status"),
            "Reference": _of("reference"),
        },
    ),
    Kind(
        "Decisions of staff",
        "decisions.view_staffdecision",
        "decisions_staffdecision",
        lambda user: StaffDecision.objects.filter(person_id=user.pk).order_by("-created_at"),
        {
            "When, ET": _at("created_at"),
            "What": _to(lambda row: label_of(row.what)),
            "Status": _said("status"),
            "Why": _of("reason"),
        },
        query="person_id__exact={}",
    ),
    Kind(
        "Calls to the broker, without reads that went well",
        "calls.view_apicall",
        "calls_apicall",
        lambda user: (
            ApiCall.objects.filter(person_id=user.pk).exclude(ApiCall.QUIET).order_by("-started_at", "-pk")
        ),
        {
            "When, ET": _at("started_at"),
            "Call": _to(lambda row: f"{row.method} {row.path}"),
            "Outcome": _said("outcome"),
            "Status": lambda row: row.http_status or "–",
            "Request ID": lambda row: calls_link(row.request_id),
        },
        query="person_id__exact={}",
    ),
    Kind(
        "Sign-ins, and what staff did",
        "security_log.view_securityevent",
        "security_log_securityevent",
        lambda user: SecurityEvent.objects.filter(person_id=user.pk).order_by("-at", "-pk"),
        {
            "When, ET": _at("at"),
            "What": _to(_of("label")),
            "From": lambda row: row.ip or "–",
            "Why": _of("reason"),
        },
        query="q=person+{}",
    ),
)
"""What is on the page, in this order."""
