"""The words of each mail: no names, no amounts, and of an account number the last four digits."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from brokerapp.accounts import holds, securing
from brokerapp.accounts.models import BrokerageAccount, WithdrawalHold
from brokerapp.accounts.statuses import HoldReason
from brokerapp.notices.models import Notice, NoticeKind


@dataclass(frozen=True)
class Words:
    """A mail's subject, and the page that shows the rest; the text is in `templates/notices/`.

    `page` is "" for what is about the person and none of their accounts.
    """

    subject: str
    page: str


WORDS = {
    NoticeKind.DEPOSIT_RETURNED: Words("Your bank took a deposit back", "funding:transfer"),
    NoticeKind.WITHDRAWAL_RETURNED: Words("Your bank sent a withdrawal back", "funding:transfer"),
    NoticeKind.TRANSFER_TAKEN_BACK: Words("The broker took a transfer back", "funding:transfer"),
    NoticeKind.CREDIT_CORRECTED: Words("A credit from us was taken back", "funding:transfer"),
    NoticeKind.ORDER_REVISED: Words("What was filled of your order has changed", "trading:order"),
    NoticeKind.ACCOUNT_ACTION: Words("Your account needs something from you", "account_status"),
    NoticeKind.ACCOUNT_IN_REVIEW: Words("Your account is being reviewed again", "account_status"),
    NoticeKind.ACCOUNT_ENDED: Words("Your account can no longer be used", "account_status"),
    NoticeKind.WITHDRAWALS_HELD: Words("Withdrawals are on hold for a while", ""),
    NoticeKind.WITHDRAWALS_OPENED: Words("Withdrawals are open again", ""),
    NoticeKind.SECURED: Words("Your account is secured", ""),
    NoticeKind.NEW_DOCUMENT: Words("There is a new document for you", "records:document"),
}


def message_of(notice: Notice) -> EmailMessage:
    """The mail, to the person's address of this moment. Raises `DoesNotExist` if its subject is gone."""
    row: Any = apps.get_model(notice.row_type)._default_manager.get(pk=notice.row_id)
    kind = NoticeKind(notice.kind)
    words = WORDS[kind]
    context = {"row": row, "reference": notice.row_id}
    context |= _about_account(row, words.page) if words.page else _about_hold(row)
    return EmailMessage(
        subject=words.subject,
        body=render_to_string(f"notices/{kind.lower()}.txt", context),
        to=[notice.user.email],
        # Out-of-office replies are not sent to what a machine sent (RFC 3834).
        headers={"Auto-Submitted": "auto-generated"},
    )


def _about_account(row: Any, page: str) -> dict[str, Any]:
    account: BrokerageAccount = row if isinstance(row, BrokerageAccount) else row.account
    ids = [account.pk] if row is account else [account.pk, row.pk]
    return {"account": account, "link": f"{settings.SITE_URL.rstrip('/')}{reverse(page, args=ids)}"}


def _about_hold(hold: WithdrawalHold) -> dict[str, Any]:
    return {
        "why": holds.WHY[HoldReason(hold.cause)],
        "until": holds.until_text(hold),
        "secure_link": securing.link_for(hold.user),
    }
