"""What a quoted reference is about: a row of the person's, a broker call made for them, or an error page."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.activities.models import Activity
from brokerapp.broker.calls.models import ApiCall, label_of
from brokerapp.health.models import ErrorPage
from brokerapp.workflow.models import StatusChange
from funding.models import BankLink, Transfer
from onboarding.models import KycApplication
from trading.models import Order

ROWS: tuple[type[Any], ...] = (Transfer, Order, BankLink, KycApplication, BrokerageAccount)
"""Models whose ids pages and mails show as "our reference"."""


@dataclass(frozen=True)
class Subject:
    """What a case is about; "" where the reference is nothing that we know of this person."""

    about_type: str = ""
    about_id: str = ""
    at: datetime | None = None


def find(person: User, reference: str) -> Subject:
    """What `reference` is of this person: a row, an error page, or what one of their calls was about.

    Another person's is as good as none.
    """
    if not reference:
        return Subject()
    for look in (_row, _entry, _change, _error_page, _call):
        if (found := look(person, reference)) is not None:
            return found
    return Subject()


def _row(person: User, reference: str) -> Subject | None:
    key = _uuid(reference)
    for model in ROWS if key else ():
        row = model._default_manager.filter(pk=key, user_id=person.pk).first()
        if row is not None:
            return Subject(label_of(row), str(row.pk), row.status_at)
    return None


def _entry(person: User, reference: str) -> Subject | None:
    """A receipt, by the reference of its activity."""
    found = Activity.objects.filter(account__user_id=person.pk, reference=reference)
    entry = found.order_by("pk").first()
    return Subject(label_of(entry), str(entry.pk), entry.received_at) if entry else None


def _change(person: User, reference: str) -> Subject | None:
    """What a notice calls `N123`: a step of the history of a row that has no reference of its own."""
    number = re.fullmatch(r"[Nn](\d{1,18})", reference)
    change = StatusChange.objects.filter(pk=int(number[1]), person_id=person.pk).first() if number else None
    return Subject(change.row_type, change.row_id, change.at) if change else None


def _error_page(person: User, reference: str) -> Subject | None:
    """Also one that was shown before they signed in."""
    page = ErrorPage.objects.filter(reference=reference.lower()).first()
    if page is None or page.user_id not in (None, person.pk):
        return None
    return Subject(label_of(page), str(page.pk), page.at)


def _call(person: User, reference: str) -> Subject | None:
    calls = ApiCall.objects.filter(person_id=person.pk, request_id=reference)
    call = calls.order_by("started_at").first()
    return Subject(call.about_type, call.about_id, call.started_at) if call else None


def _uuid(text: str) -> UUID | None:
    try:
        return UUID(text)
    except ValueError:
        return None
