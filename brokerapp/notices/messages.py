"""The words of each mail: no names, no amounts, and of an account number the last four digits."""

from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.notices.models import Notice, NoticeKind


@dataclass(frozen=True)
class Words:
    """A mail's subject, and the page that shows the rest; the text is in `templates/notices/`."""

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
}


def message_of(notice: Notice) -> EmailMessage:
    """The mail, to the person's address of this moment. Raises `DoesNotExist` if its subject is gone."""
    row: Any = apps.get_model(notice.row_type)._default_manager.get(pk=notice.row_id)
    account: BrokerageAccount = row if isinstance(row, BrokerageAccount) else row.account
    kind = NoticeKind(notice.kind)
    words = WORDS[kind]
    ids = [account.pk] if row is account else [account.pk, row.pk]
    context = {
        "row": row,
        "account": account,
        "reference": notice.row_id,
        "link": f"{settings.SITE_URL.rstrip('/')}{reverse(words.page, args=ids)}",
    }
    return EmailMessage(
        subject=words.subject,
        body=render_to_string(f"notices/{kind.lower()}.txt", context),
        to=[notice.user.email],
        # Out-of-office replies are not sent to what a machine sent (RFC 3834).
        headers={"Auto-Submitted": "auto-generated"},
    )
