"""Every mail of the site with made-up rows, none of them stored: what the page of all mails shows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string

from brokerapp.accounts.models import BrokerageAccount, User, WithdrawalHold
from brokerapp.accounts.signin.mails import EVENTS
from brokerapp.accounts.statuses import HoldReason
from brokerapp.closing.models import AccountClosing
from brokerapp.mailing.html import as_html
from brokerapp.notices import messages
from brokerapp.notices.kinds import WORDS, NoticeKind
from brokerapp.notices.models import Notice
from brokerapp.notices.table import TABLE
from brokerapp.records.models import DocumentKind, IssuedDocument
from brokerapp.support.models import Case
from funding.models import BankLink, Transfer
from onboarding.cases import CipRecord, DuePaper, KycAnswer
from onboarding.models import Document, KycApplication, ProfileChange, TaxForm
from trading.models import Order

AT = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
ID = UUID("5f0c2a4e-1d7b-4c39-9f6a-2b8e7d3c1a90")
PAGES = (
    "account/email/email_confirmation",
    "account/email/email_confirmation_signup",
    "account/email/password_reset_key",
    "account/email/account_already_exists",
    "account/email/unknown_account",
    "account/email/email_change_asked",
)
"""Mails that pages ask for and that are no event."""


def _person() -> User:
    return User(pk=1, email="ada@example.com")


def _account() -> BrokerageAccount:
    return BrokerageAccount(pk=ID, user=_person(), account_number="684486106", account_type="trading")


def rows() -> dict[type[Any], Any]:
    """A row of each model that people are told of."""
    person, account = _person(), _account()
    moved = {"id": ID, "user": person, "account": account}
    return {
        KycApplication: KycApplication(id=ID, user=person),
        Document: Document(id=ID, user=person),
        BrokerageAccount: account,
        KycAnswer: KycAnswer(id=ID, user=person),
        CipRecord: CipRecord(id=ID, user=person),
        TaxForm: TaxForm(id=ID, user=person, application=KycApplication(id=ID, user=person, account=account)),
        DuePaper: DuePaper(**moved, part="paper", ends_on=AT.date()),
        ProfileChange: ProfileChange(**moved),
        AccountClosing: AccountClosing(**moved),
        BankLink: BankLink(**moved),
        Transfer: Transfer(**moved, direction="INCOMING", amount=Decimal(100)),
        Order: Order(**moved, status="FILLED", qty=Decimal(1)),
        WithdrawalHold: WithdrawalHold(
            pk=7, user=person, cause=HoldReason.BANK, until=AT + timedelta(days=1)
        ),
        IssuedDocument: IssuedDocument(
            pk=7, account=account, kind=DocumentKind.STATEMENTS, type="account_statement", date=AT.date()
        ),
        Case: Case(id=ID, user=person, account=account),
        User: person,
    }


MODEL_OF = {
    **{kind: BrokerageAccount for kind in NoticeKind if kind.startswith("ACCOUNT_")},
    **{kind: KycApplication for kind in NoticeKind if kind.startswith("APPLICATION_")},
    NoticeKind.APPLICATION_ACTION: BrokerageAccount,
    NoticeKind.APPLICATION_REJECTED: BrokerageAccount,
    NoticeKind.DOCUMENT_REFUSED: Document,
    NoticeKind.ANSWER_REFUSED: KycAnswer,
    **{kind: ProfileChange for kind in NoticeKind if kind.startswith("PROFILE_")},
    **{kind: TaxForm for kind in NoticeKind if kind.startswith("TAX_FORM_")},
    NoticeKind.PAPER_DUE: DuePaper,
    **{kind: AccountClosing for kind in NoticeKind if kind.startswith("CLOSING_")},
    **{kind: BankLink for kind in NoticeKind if kind.startswith("BANK_")},
    **{
        kind: Transfer
        for kind in NoticeKind
        if kind.startswith(("DEPOSIT_", "WITHDRAWAL_", "TRANSFER_", "CREDIT_"))
    },
    **{kind: Order for kind in NoticeKind if kind.startswith("ORDER_")},
    NoticeKind.NEW_DOCUMENT: IssuedDocument,
    **{kind: WithdrawalHold for kind in NoticeKind if kind.startswith("WITHDRAWALS_")},
    NoticeKind.SECURED: WithdrawalHold,
    **{kind: Case for kind in NoticeKind if kind.startswith("CASE_")},
}
"""What a kind is about; the others are about a person."""


def mails() -> dict[str, EmailMessage]:
    """Every mail by a short name for its address."""
    found: dict[str, EmailMessage] = {}
    made = rows()
    for kind in NoticeKind:
        if WORDS[kind].mailed_apart:
            continue
        model = MODEL_OF.get(kind, User)
        assert model in TABLE
        row = made[model]
        notice = Notice(
            user=_person(), kind=kind, row_type=model._meta.label, row_id=str(row.pk), change_id=1234
        )
        found[kind.lower().replace("_", "-")] = messages.message_about(notice, row)
    found["several-orders-filled"] = _digest(made[Order])
    for template in (*EVENTS, *PAGES):
        found[template.rpartition("/")[2].replace("_", "-")] = _of_a_page(template)
    return found


def _digest(order: Order) -> EmailMessage:
    notice = Notice(user=_person(), kind=NoticeKind.ORDER_FILLED, row_type="trading.Order", row_id=str(ID))
    return messages.message_of_several(_person(), [(notice, order)] * 2, number=2)


def _of_a_page(template: str) -> EmailMessage:
    """As allauth and `signin.mails` make it."""
    link = messages.at_site("/accounts/")
    context = {
        "email": "ada@example.com",
        "from_email": "ada@example.com",
        "to_email": "byron@example.com",
        "when": "Wed 04 Mar 2026, 10:00 in New York",
        "device": "Firefox on Linux",
        "ip": "203.0.113.7",
        **dict.fromkeys(
            ("activate_url", "password_reset_url", "secure_url", "reset_url", "security_url", "signup_url"),
            link,
        ),
    }
    subject = render_to_string(f"{template}_subject.txt", context).strip()
    text = render_to_string(f"{template}_message.txt", context).strip()
    message = EmailMultiAlternatives(subject, text, to=["ada@example.com"])
    message.attach_alternative(as_html(subject, text), "text/html")
    return message
