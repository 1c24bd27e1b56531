"""Opening a case, writing in it, answering it. No broker call is made: what the call log has is kept."""

from datetime import datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.broker.calls.models import ApiCall
from brokerapp.in_hand import services as in_hand
from brokerapp.support import subjects
from brokerapp.support.models import Case, CaseCall, CaseMessage
from brokerapp.support.statuses import CaseStatus
from brokerapp.workflow import state

MOST_OPEN = 20
"""Cases that one person may have with our support at once."""
MOST_CALLS = 200
"""Calls kept with a case, those nearest to what it is about."""
ANSWERED_AGAIN = "Answered again"
COPIED = (
    "call_id", "attempt", "request_id", "method", "path", "http_status", "outcome", "milliseconds",
    "error_code", "error_message", "about_type", "about_id", "started_at",
)  # fmt: skip
"""Columns that a call of a case has as the call log has them."""


class TooManyCases(Exception):
    """The person has as many questions with our support as one person may have at once."""


class NotTheirsToAnswer(Exception):
    """Staff do not answer questions of their own."""


def open_case(
    *,
    case_id: UUID,
    person: User,
    topic: str,
    text: str,
    account: BrokerageAccount | None = None,
    reference: str = "",
    now: datetime,
) -> Case:
    """Keep a question, with what was happening around it; the same id again finds the first one's case.

    Raises `TooManyCases`, and `LookupError` if the id is another person's case.
    """
    if (known := Case.objects.filter(pk=case_id).first()) is not None:
        return _own(known, person)
    subject = subjects.find(person, reference)
    case = Case(
        pk=case_id,
        user=person,
        account=account,
        topic=topic,
        reference=reference,
        about_type=subject.about_type,
        about_id=subject.about_id,
        happened_at=subject.at or now,
        created_at=now,
        status_at=now,
    )
    with transaction.atomic():
        # Two clicks at once take turns.
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=person.pk)
        if (known := Case.objects.filter(pk=case_id).first()) is not None:
            return _own(known, person)
        if Case.objects.filter(user=person, status=CaseStatus.OPEN).count() >= MOST_OPEN:
            raise TooManyCases
        state.start(case, by=person)
        CaseMessage.objects.create(case=case, author=person, text=text, created_at=now)
        _keep_calls(case)
    return case


def _own(case: Case, person: User) -> Case:
    if case.user_id != person.pk:
        raise LookupError("this is another person's case")
    return case


def _keep_calls(case: Case) -> None:
    """Copy what the call log has of the case: the calls about its row, and the person's around it."""
    window = (case.begins_at, case.ends_at)
    around = Q(person_id=case.user_id, started_at__range=window)
    if case.account is not None:
        around |= Q(account_id=case.account.broker_account_id, started_at__range=window)
    about = Q(about_type=case.about_type, about_id=case.about_id) if case.about_id else Q(pk__in=[])
    own = ApiCall.objects.filter(about & Q(person_id=case.user_id) | around)
    calls = sorted(own.order_by("-started_at")[:MOST_CALLS], key=lambda call: (call.started_at, call.pk))
    CaseCall.objects.bulk_create(
        [
            CaseCall(case=case, api_call_id=call.pk, is_about=_is_about(call, case), **_copy(call))
            for call in calls
        ]
    )


def _is_about(call: ApiCall, case: Case) -> bool:
    return bool(case.about_id) and (call.about_type, call.about_id) == (case.about_type, case.about_id)


def _copy(call: ApiCall) -> dict[str, Any]:
    return {name: getattr(call, name) for name in COPIED}


def calls_of(case: Case) -> list[CaseCall]:
    """The broker calls of a case, oldest first; those that were under way then with how they ended since.

    For the export to the broker's support: each has Request ID, time, method, path, status and outcome. At
    most two queries; nothing is written.
    """
    calls = list(case.calls.all())
    open_ones = {call.api_call_id: call for call in calls if call.outcome == ApiCall.Outcome.IN_FLIGHT}
    if open_ones:
        begun = [call.started_at for call in open_ones.values()]
        found = ApiCall.objects.filter(pk__in=open_ones, started_at__range=(min(begun), max(begun)))
        for logged in found:
            for name, value in _copy(logged).items():
                setattr(open_ones[logged.pk], name, value)
    return calls


def write(*, case: Case, person: User, text: str, now: datetime) -> None:
    """A further message of the person, after which it is our turn again; a second click adds none."""
    with transaction.atomic():
        case = _locked(case)
        last = case.messages.last()
        if last is not None and (last.author_id, last.text) == (person.pk, text):
            return
        CaseMessage.objects.create(case=case, author=person, text=text, created_at=now)
        if case.status != CaseStatus.OPEN:
            state.move(case, CaseStatus.OPEN, by=person)


def answer(*, case: Case, by: User, text: str, now: datetime) -> Case:
    """Staff's answer, of which the person is told; a second click adds none. Raises `NotTheirsToAnswer`."""
    if case.user_id == by.pk:
        raise NotTheirsToAnswer
    with transaction.atomic():
        case = _locked(case)
        last = case.messages.last()
        if last is not None and (last.author_id, last.text) == (by.pk, text):
            return case
        CaseMessage.objects.create(case=case, author=by, by_staff=True, text=text, created_at=now)
        if in_hand.found_of(case) is None:
            in_hand.take(row=case, by=by, now=now)
        if case.status == CaseStatus.CLOSED:
            state.move(case, CaseStatus.OPEN, by=by, reason="Taken up again")
        if case.status == CaseStatus.OPEN:
            return state.move(case, CaseStatus.ANSWERED, by=by)
        state.note(case, by=by, reason=ANSWERED_AGAIN)
    return case


def close(*, case: Case, by: User) -> Case:
    """Nothing is to be done any more. Raises `IllegalMove` for a case that is closed."""
    return state.move(case, CaseStatus.CLOSED, by=by)


def _locked(case: Case) -> Case:
    return Case.objects.select_for_update(of=("self",), no_key=True).get(pk=case.pk)
