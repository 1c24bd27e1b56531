"""The words of each notice: no names, no amounts, and of an account number the last four digits."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from brokerapp.accounts import holds, securing
from brokerapp.accounts.models import BrokerageAccount, User, WithdrawalHold
from brokerapp.accounts.statuses import HoldReason
from brokerapp.mailing.html import as_html
from brokerapp.notices import digests
from brokerapp.notices.kinds import ALWAYS_MAILED, Category
from brokerapp.notices.models import Digest, Notice
from brokerapp.support.models import Case
from onboarding.cases import KycAnswer
from onboarding.models import Document, KycApplication, TaxForm

LISTED = 20
"""Notices that a digest names; the others are in the inbox."""
OF_ACCOUNT = frozenset({"account_status", "profile", "closing:close"})
"""Pages of an account, whatever row of it a notice is about."""
# Out-of-office replies are not sent to what a machine sent (RFC 3834).
HEADERS = {"Auto-Submitted": "auto-generated"}


@dataclass(frozen=True)
class Told:
    """What a notice says: its text without the frame of a mail, whose account, and the page with the rest."""

    text: str
    account: BrokerageAccount | None
    path: str
    reference: str


def subject_of(notice: Notice) -> Any:
    """The row that a notice is about. Raises `DoesNotExist` if it is gone."""
    model = apps.get_model(notice.row_type)
    rows = model._default_manager.all()
    if any(field.name == "account" for field in model._meta.fields):
        rows = rows.select_related("account")
    return rows.get(pk=notice.row_id)


def told_by(notice: Notice) -> Told:
    """What a notice says, as its person reads it now. Raises `DoesNotExist` if its subject is gone."""
    row = subject_of(notice)
    context = _context(notice, row)
    text = render_to_string(_template(notice), {**context, "frame": "notices/text_alone.txt"}).strip()
    return Told(text, context["account"], context.get("path", ""), notice.reference)


def message_of(notice: Notice) -> EmailMessage:
    """The mail, to the person's address of this moment. Raises `DoesNotExist` if its subject is gone."""
    return message_about(notice, subject_of(notice))


def message_about(notice: Notice, row: Any) -> EmailMessage:
    """The mail of a notice about a row."""
    text = render_to_string(_template(notice), _context(notice, row))
    return _mail(notice.user, notice.words.subject, text)


def digest_message_of(digest: Digest) -> EmailMessage:
    """One mail about the orders that were filled."""
    notices = digests.notices_of(digest)
    rows = [(notice, subject_of(notice)) for notice in notices[:LISTED]]
    return message_of_several(digest.user, rows, number=len(notices))


def message_of_several(person: User, rows: list[tuple[Notice, Any]], *, number: int) -> EmailMessage:
    """One mail about `number` orders, of which it names those in `rows`."""
    contexts = [_context(notice, row) for notice, row in rows]
    names = ("account", "reference", "link")
    context = {
        "number": number,
        "orders": [{name: each[name] for name in names} for each in contexts],
        "more": max(number - len(rows), 0),
        "inbox": at_site(reverse("inbox")),
        "preferences": at_site(reverse("notice_preferences")),
    }
    subject = "Your order was filled" if number == 1 else f"{number} of your orders were filled"
    return _mail(person, subject, render_to_string("notices/digest.txt", context))


def _mail(person: User, subject: str, text: str) -> EmailMessage:
    message = EmailMultiAlternatives(subject=subject, body=text, to=[person.email], headers=HEADERS)
    message.attach_alternative(as_html(subject, text), "text/html")
    return message


def _template(notice: Notice) -> str:
    return f"notices/{notice.kind.lower()}.txt"


def at_site(path: str) -> str:
    """A path of ours as an address for mails."""
    return f"{settings.SITE_URL.rstrip('/')}{path}"


def _context(notice: Notice, row: Any) -> dict[str, Any]:
    words = notice.words
    context: dict[str, Any] = {
        "row": row,
        "reference": notice.reference,
        "account": _account_of(row),
        "preferences": at_site(reverse("notice_preferences")),
        "may_be_turned_off": words.category not in ALWAYS_MAILED,
        "frame": "notices/base.txt",
    }
    if isinstance(row, WithdrawalHold):
        return context | _about_hold(row) | {"frame": "notices/base_hold.txt"}
    if words.category == Category.SECURITY:
        context["secure_link"] = securing.link_for(notice.user)
    if words.page:
        path = _path(words.page, row, context["account"])
        context |= {"path": path, "link": at_site(path), "link_text": words.link}
    return context


def _account_of(row: Any) -> BrokerageAccount | None:
    """The account that a row is about; None for what is about the person, or an account still to come."""
    if isinstance(row, BrokerageAccount):
        return row
    if isinstance(row, TaxForm):
        return row.application.account
    return getattr(row, "account", None)


def _path(page: str, row: Any, account: BrokerageAccount | None) -> str:
    if isinstance(row, Case):
        return reverse(page, args=[row.pk])
    if isinstance(row, (User, KycApplication, Document, KycAnswer)):
        return reverse(page)
    assert account is not None, page
    ids = [account.pk] if page in OF_ACCOUNT else [account.pk, row.pk]
    return reverse(page, args=ids)


def _about_hold(hold: WithdrawalHold) -> dict[str, Any]:
    return {
        "why": holds.WHY[HoldReason(hold.cause)],
        "until": holds.until_text(hold),
        "secure_link": securing.link_for(hold.user),
    }
