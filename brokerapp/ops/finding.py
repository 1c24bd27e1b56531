"""What a person or the broker can quote, and where it leads: names, addresses, numbers, ids and amounts.

Every look-up is one of an index. What is encrypted is found by its digest: a phone number whole, no part. A
Request ID is what is quoted most, and by several in a row: its look-ups are few, and their SQL is made once.
"""

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.db.models.functions import Right
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.activities.models import Activity
from brokerapp.activities.words import code_of, title_of
from brokerapp.broker.calls.models import ApiCall
from brokerapp.decisions.models import StaffDecision
from brokerapp.health.models import ErrorPage
from brokerapp.records.models import IssuedDocument
from brokerapp.security_log.models import SecurityEvent
from brokerapp.support.models import Case
from brokerapp.ui.admin_columns import row_words, step_words
from brokerapp.ui.admin_search import as_uuid
from brokerapp.ui.finders import MOST, Finder, Hit, register
from brokerapp.units.market_time import NEW_YORK
from brokerapp.units.money import quantity, usd
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow.models import StatusChange
from funding.models import BankLink, Transfer
from onboarding.models import Document, KycApplication
from onboarding.services.duplicates import with_phone_number
from trading.models import Order

LAST = 4
"""Digits of an account number that people quote, at least; the index is made of so many."""
SAID = ("user_id", "status", "created_at")
"""Columns that a hit tells of: to name them all in each query takes longer than the database needs for it."""
AMOUNT = re.compile(r"\$?(?P<amount>\d{1,3}(,\d{3})+(\.\d{2})?|\d{1,9}(\.\d{1,2})?)")
DAY = re.compile(r"(?P<iso>\d{4}-\d{2}-\d{2})|(?P<month>\d{1,2})/(?P<day>\d{1,2})/(?P<year>\d{4})")
TOKEN = re.compile(r"[\w.:-]{6,64}")
PERSON = re.compile(r"(?:person|staff|#)\s*(\d{1,9})", re.IGNORECASE)


def _row(
    row: models.Model, detail: str, *, person_id: int | None, at: datetime | None, title: str = ""
) -> Hit:
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    words = title or str(row._meta.verbose_name).capitalize()
    return Hit(words, reverse(name, args=[row.pk]), detail, person_id, at)


def people(term: str) -> Iterator[Hit]:
    """People by the beginning of an e-mail address or name, by whole phone number, or by their number."""
    if "@" in term:
        found = User.objects.filter(email__startswith=term.lower())
    elif number := PERSON.fullmatch(term):
        found = User.objects.filter(pk=int(number[1]))
    else:
        called = KycApplication.objects.filter(_called(term)).values_list("user_id", flat=True)[:MOST]
        phone = with_phone_number(term).values_list("user_id", flat=True)[:MOST]
        found = User.objects.filter(pk__in={*called, *phone})
    for user in found.order_by("email")[:MOST]:
        url = reverse("admin:ops_person", args=[user.pk])
        yield Hit("Person", url, user.email, user.pk, user.date_joined)


def _called(term: str) -> Q:
    """Applications of people whose first or last name begins with each word of the term."""
    words = re.findall(r"[^\W\d_][\w'’.-]*", term)[:3]
    if not words or not re.fullmatch(r"[^\d@/]{2,60}", term):
        return Q(pk__in=[])
    found = Q()
    for word in words:
        found &= Q(given_name__istartswith=word) | Q(family_name__istartswith=word)
    return found


def accounts(term: str) -> Iterator[Hit]:
    """Accounts by their whole number, the end of it (four digits or more), or an id."""
    number = term.lstrip("….•").replace(" ", "")
    if (uuid := as_uuid(term)) is not None:
        found = BrokerageAccount.objects.filter(Q(pk=uuid) | Q(broker_account_id=uuid))
    elif number.isascii() and number.isdecimal() and LAST <= len(number) <= 20:
        ends = BrokerageAccount.objects.alias(end=Right("account_number", LAST)).filter(end=number[-LAST:])
        found = ends.filter(account_number__endswith=number)
    else:
        return
    for account in found[:MOST]:
        detail = f"{account.title}, {account.status_label.lower()}"
        yield _row(account, detail, person_id=account.user_id, at=account.created_at)


def transfers(term: str) -> Iterator[Hit]:
    """Transfers by our id, the broker's, or by amount with the day in New York."""
    uuid, sum_of_day = as_uuid(term), amount_and_day(term)
    if uuid is not None:
        found = Transfer.objects.filter(Q(pk=uuid) | Q(broker_transfer_id=uuid))
    elif sum_of_day is not None:
        amount, begin, end = sum_of_day
        found = Transfer.objects.filter(amount=amount, created_at__gte=begin, created_at__lt=end)
    else:
        return
    for row in found.only(*SAID, "direction", "amount").order_by("-created_at")[:MOST]:
        detail = f"{usd(row.amount)}, {row.get_status_display().lower()}"
        yield _row(
            row, detail, person_id=row.user_id, at=row.created_at, title=str(row.get_direction_display())
        )


def activities(term: str) -> Iterator[Hit]:
    """Activities by an id of the broker's, its Request ID, or by amount with the day that they count for."""
    sum_of_day = amount_and_day(term)
    if sum_of_day is not None:
        amount, begin, _ = sum_of_day
        found = Activity.objects.filter(date=begin.date(), net_amount__in=(amount, -amount))
    elif TOKEN.fullmatch(term):
        wanted = Q(activity_id=term) | Q(reference=term.lower()) | Q(request_id=term)
        if (uuid := as_uuid(term)) is not None:
            wanted |= Q(broker_order_id=uuid) | Q(broker_transfer_id=uuid)
        found = Activity.objects.filter(wanted)
    else:
        return
    for row in found.select_related("account").order_by("-at")[:MOST]:
        yield _activity_hit(row)


def _activity_hit(row: Activity) -> Hit:
    detail = f"{usd(row.cash)}, {code_of(row)}"
    return _row(row, detail, person_id=row.user_id, at=row.at, title=title_of(row))


def orders(term: str) -> Iterator[Hit]:
    """Orders by our id, the broker's, or the `client_order_id` that the broker knows them by."""
    uuid = as_uuid(term)
    wanted = Q(client_order_id=term)
    if uuid is not None:
        wanted |= Q(pk=uuid) | Q(broker_order_id=uuid) | Q(client_order_id=str(uuid))
    elif not TOKEN.fullmatch(term):
        return
    for row in Order.objects.filter(wanted).only(*SAID, "side", "symbol", "qty", "notional")[:MOST]:
        size = (
            usd(row.notional)
            if row.qty is None and row.notional is not None
            else quantity(row.qty or Decimal(0))
        )
        detail = f"{row.get_side_display()} {size} {row.symbol}, {row.get_status_display().lower()}"
        yield _row(row, detail, person_id=row.user_id, at=row.created_at)


def with_ids(term: str) -> Iterator[Hit]:
    """What else has an id of ours or of the broker's: applications, documents, banks, papers, decisions."""
    if (uuid := as_uuid(term)) is None:
        return
    found: list[Any] = [
        *KycApplication.objects.filter(pk=uuid).only(*SAID),
        *Document.objects.filter(pk=uuid).only(*SAID),
        *BankLink.objects.filter(Q(pk=uuid) | Q(relationship_id=uuid)).only(*SAID),
        *IssuedDocument.objects.filter(document_id=uuid).select_related("account"),
    ]
    for row in found:
        status = row.get_status_display().lower() if hasattr(row, "get_status_display") else row.title
        at = getattr(row, "created_at", None) or row.first_seen_at
        yield _row(row, status, person_id=row.user_id, at=at)


def decisions(term: str) -> Iterator[Hit]:
    """Decisions about the row with this id."""
    if (uuid := as_uuid(term)) is not None:
        for row in StaffDecision.objects.filter(row_id=str(uuid))[:MOST]:
            yield _row(row, row.get_status_display(), person_id=row.person_id, at=row.created_at)


def calls(term: str) -> Iterator[Hit]:
    """Calls by Request ID, our call id, or the row that they were about."""
    if not TOKEN.fullmatch(term):
        return
    match = Q(request_id__in={term, term.lower()})
    if (uuid := as_uuid(term)) is not None:
        match |= Q(call_id=uuid) | Q(about_id=str(uuid))
    said = ("method", "path", "http_status", "outcome", "person_id", "started_at")
    for call in ApiCall.objects.filter(match).only(*said).order_by("-started_at")[:MOST]:
        yield _call_hit(call)


def _call_hit(call: ApiCall) -> Hit:
    answer = call.http_status or "no reply"
    detail = f"{call.method} {call.path}: {answer}, {call.get_outcome_display().lower()}"
    return _row(call, detail, person_id=call.person_id, at=call.started_at)


def changes(term: str) -> Iterator[Hit]:
    """Rows whose status a reply with this Request ID changed."""
    if not TOKEN.fullmatch(term):
        return
    for change in StatusChange.objects.filter(request_id__in={term, term.lower()})[:MOST]:
        yield _change_hit(change)


def _change_hit(change: StatusChange) -> Hit:
    detail = step_words(change.row_type, change.from_status, change.to_status)
    title = f"{row_words(change.row_type).capitalize()} changed"
    return _row(change, detail, person_id=change.person_id, at=change.at, title=title)


def cases(term: str) -> Iterator[Hit]:
    """Cases of support by their id, or by the reference that was quoted in them."""
    wanted = Q(reference__in={term, term.lower()})
    if (uuid := as_uuid(term)) is not None:
        wanted |= Q(pk=uuid)
    for case in Case.objects.filter(wanted)[:MOST]:
        yield _case_hit(case)


def _case_hit(case: Case) -> Hit:
    detail = f"{case.get_topic_display()}, {case.get_status_display().lower()}"
    return _row(case, detail, person_id=case.user_id, at=case.created_at)


def error_pages(term: str) -> Iterator[Hit]:
    """Error pages by the reference that they show."""
    for page in ErrorPage.objects.filter(reference=term.lower())[:MOST]:
        yield _row(page, f"{page.status} {page.method} {page.route}", person_id=page.user_id, at=page.at)


def security_events(term: str) -> Iterator[Hit]:
    """Lines of the security log by the reference of the request."""
    if re.fullmatch(r"[0-9a-fA-F]{16}", term):
        for event in SecurityEvent.objects.filter(reference=term.lower())[:MOST]:
            yield _row(event, event.label, person_id=event.person_id, at=event.at)


def amount_and_day(term: str) -> tuple[Decimal, datetime, datetime] | None:
    """`250.00 2026-11-20` or `$1,250 11/20/2026`: the amount, and the day's begin and end in New York."""
    parts = re.split(r"\s+(?:on\s+)?", term.strip())
    if len(parts) != 2:
        return None
    for first, second in (parts, parts[::-1]):
        amount, day = AMOUNT.fullmatch(first), DAY.fullmatch(second)
        if amount and day and (found := _day(day)) is not None:
            begin = datetime.combine(found, time(), NEW_YORK)
            end = datetime.combine(found + timedelta(days=1), time(), NEW_YORK)
            return Decimal(amount["amount"].replace(",", "")), begin, end
    return None


def _day(found: re.Match[str]) -> date | None:
    try:
        if found["iso"]:
            return date.fromisoformat(found["iso"])
        return date(int(found["year"]), int(found["month"]), int(found["day"]))
    except ValueError:
        return None


def _with_request_id(
    rows: Callable[[str], models.QuerySet[Any]], hit_of: Callable[[Any], Hit]
) -> Callable[[str], Iterator[Hit]]:
    """A look-up of a Request ID, by a query whose SQL is made once; `rows` are those of one Request ID."""
    find: FixedQuery[Any] = FixedQuery(rows, "a stand-in")
    return lambda term: (hit_of(row) for row in find(term, most=MOST))


FINDERS = (
    Finder("People", "accounts.view_user", people),
    Finder("Accounts", "accounts.view_brokerageaccount", accounts),
    Finder("Transfers", "funding.view_transfer", transfers),
    Finder("Orders", "trading.view_order", orders),
    Finder(
        "Activities",
        "activities.view_activity",
        activities,
        _with_request_id(
            lambda request_id: (
                Activity.objects.filter(request_id=request_id).select_related("account").order_by("-at")
            ),
            _activity_hit,
        ),
    ),
    Finder(
        "API calls",
        "calls.view_apicall",
        calls,
        _with_request_id(lambda request_id: ApiCall.objects.filter(request_id=request_id), _call_hit),
    ),
    Finder(
        "What became of it",
        "workflow.view_statuschange",
        changes,
        _with_request_id(lambda request_id: StatusChange.objects.filter(request_id=request_id), _change_hit),
    ),
    Finder("Applications, banks and papers", "onboarding.view_kycapplication", with_ids),
    Finder(
        "Cases",
        "support.view_case",
        cases,
        _with_request_id(lambda request_id: Case.objects.filter(reference=request_id), _case_hit),
    ),
    Finder("Decisions", "decisions.view_staffdecision", decisions),
    Finder("Error pages", "health.view_errorpage", error_pages),
    Finder("Security log", "security_log.view_securityevent", security_events),
)


def connect() -> None:
    """Add the finders; called once, when the apps are ready."""
    for finder in FINDERS:
        register(finder)
