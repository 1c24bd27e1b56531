"""A question is one case, with the calls around it as the log had them; answers reach the person's inbox."""

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.broker.calls.models import ApiCall
from brokerapp.health.models import ErrorPage
from brokerapp.in_hand import services as in_hand
from brokerapp.notices.models import Notice, NoticeKind
from brokerapp.notices.reader import write_notices
from brokerapp.support import services, subjects
from brokerapp.support.models import Case, CaseMessage
from brokerapp.support.statuses import CaseStatus, Topic
from brokerapp.workflow.models import StatusChange
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.factories import (
    BrokerageAccountFactory,
    OrderFactory,
    StaffFactory,
    TransferFactory,
    UserFactory,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


def ask(person: User, **given: Any) -> Case:
    wanted: dict[str, Any] = {
        "case_id": uuid4(),
        "person": person,
        "topic": Topic.TRANSFER,
        "text": "Where is my money?",
        "now": timezone.now(),
    }
    return services.open_case(**(wanted | given))


def call(person: User | None, **columns: Any) -> ApiCall:
    """A call of the log, now unless `columns` say otherwise."""
    given = {"person_id": person.pk if person else None, "started_at": timezone.now(), **columns}
    made: ApiCall = ApiCallFactory.create(**given)
    return made


def test_open_case_keeps_what_it_is_about_and_the_calls_around_it() -> None:
    transfer = TransferFactory.create(now=timezone.now() - timedelta(days=3))
    person = transfer.user
    transfer.status_at = timezone.now() - timedelta(days=3)
    transfer.save(update_fields=["status_at"])
    then = transfer.status_at
    about = call(
        person,
        about_type="funding.Transfer",
        about_id=str(transfer.pk),
        started_at=then - timedelta(hours=2),
        request_id="r-about",
    )
    near = call(person, started_at=then, request_id="r-near")
    call(person, started_at=then - timedelta(hours=5), request_id="r-far")
    call(UserFactory.create(), started_at=then, request_id="r-others")

    case = ask(person, reference=str(transfer.pk), account=transfer.account)

    assert (case.about_type, case.about_id) == ("funding.Transfer", str(transfer.pk))
    assert case.happened_at == then
    calls = services.calls_of(case)
    assert [(each.request_id, each.is_about) for each in calls] == [("r-about", True), ("r-near", False)]
    assert [each.api_call_id for each in calls] == [about.pk, near.pk]
    assert (calls[0].method, calls[0].path, calls[0].outcome) == (about.method, about.path, about.outcome)


def test_calls_of_a_case_outlive_the_call_log_and_tell_how_an_open_one_ended() -> None:
    person = UserFactory.create()
    gone = call(person, request_id="r-1")
    under_way = call(person, outcome=ApiCall.Outcome.IN_FLIGHT, request_id="", finished_at=None)
    case = ask(person)
    ApiCall.objects.filter(pk=gone.pk).delete()
    ApiCall.objects.filter(pk=under_way.pk).update(
        outcome=ApiCall.Outcome.UNKNOWN, request_id="r-2", finished_at=timezone.now()
    )

    found = {each.request_id: each.outcome for each in services.calls_of(case)}

    assert found == {"r-1": gone.outcome, "r-2": ApiCall.Outcome.UNKNOWN}


def test_open_case_twice_with_one_id_is_one_case() -> None:
    person, key = UserFactory.create(), uuid4()
    first, second = ask(person, case_id=key), ask(person, case_id=key, text="again")
    assert first == second
    assert CaseMessage.objects.count() == 1
    with pytest.raises(LookupError):
        ask(UserFactory.create(), case_id=key)


def test_open_case_of_somebody_with_too_many_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MOST_OPEN", 2)
    person = UserFactory.create()
    for _ in range(2):
        ask(person)
    with pytest.raises(services.TooManyCases):
        ask(person)
    ask(UserFactory.create())


def test_find_knows_what_pages_show_and_nothing_of_others() -> None:
    account = BrokerageAccountFactory.create()
    order = OrderFactory.create(account)
    transfer = TransferFactory.create(account)
    page = ErrorPage.objects.create(
        reference="0123456789abcdef", at=timezone.now(), status=500, user_id=account.user_id
    )
    call(account.user, request_id="req-7", about_type="trading.Order", about_id=str(order.pk))
    change = StatusChange.objects.filter(row_id=str(order.pk)).latest("pk")
    stranger = UserFactory.create()
    for reference, label, key in (
        (str(order.pk), "trading.Order", order.pk),
        (str(transfer.pk).upper(), "funding.Transfer", transfer.pk),
        (str(transfer.bank_link_id), "funding.BankLink", transfer.bank_link_id),
        (str(account.pk), "accounts.BrokerageAccount", account.pk),
        (page.reference, "health.ErrorPage", page.pk),
        ("req-7", "trading.Order", order.pk),
        (f"N{change.pk}", "trading.Order", order.pk),
    ):
        found = subjects.find(account.user, reference)
        assert (found.about_type, found.about_id) == (label, str(key)), reference
        assert subjects.find(stranger, reference) == subjects.Subject(), reference
    for nonsense in ("", "x", "' OR 1=1", "0" * 64):
        assert subjects.find(account.user, nonsense) == subjects.Subject()


def test_answer_is_told_each_time_and_a_reply_makes_it_our_turn_again() -> None:
    person, staff = UserFactory.create(), StaffFactory.create()
    case = ask(person)
    case = services.answer(case=case, by=staff, text="On its way.", now=timezone.now())
    assert case.status == CaseStatus.ANSWERED
    assert in_hand.holders_of(Case) == {str(case.pk): staff.pk}
    services.answer(case=case, by=staff, text="It is there now.", now=timezone.now())
    services.write(case=case, person=person, text="Thank you", now=timezone.now())
    services.write(case=case, person=person, text="Thank you", now=timezone.now())

    case.refresh_from_db()
    assert case.status == CaseStatus.OPEN
    assert [message.text for message in case.messages.all()] == [
        "Where is my money?",
        "On its way.",
        "It is there now.",
        "Thank you",
    ]
    write_notices(StatusChange.objects.order_by("pk"))
    kinds = list(Notice.objects.filter(user=person).order_by("pk").values_list("kind", flat=True))
    assert kinds == [NoticeKind.CASE_RECEIVED, NoticeKind.CASE_ANSWERED, NoticeKind.CASE_ANSWERED]


def test_answer_to_a_closed_case_takes_it_up_again() -> None:
    case = services.close(case=ask(UserFactory.create()), by=StaffFactory.create())
    answered = services.answer(
        case=case, by=StaffFactory.create(), text="One more thing.", now=timezone.now()
    )
    assert answered.status == CaseStatus.ANSWERED


def test_answer_to_a_question_of_ones_own_is_refused() -> None:
    staff = StaffFactory.create()
    with pytest.raises(services.NotTheirsToAnswer):
        services.answer(case=ask(staff), by=staff, text="All is well.", now=timezone.now())


def test_steps_of_a_case_are_the_persons_around_it() -> None:
    transfer = TransferFactory.create()
    TransferFactory.create()
    case = ask(transfer.user, reference=str(transfer.pk))
    assert {step.person_id for step in case.steps()} == {transfer.user_id}
    assert str(transfer.pk) in {step.row_id for step in case.steps()}


def test_texts_of_a_case_are_encrypted_in_the_database() -> None:
    from django.db import connection

    ask(UserFactory.create(), text="My secret story")
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM support_casemessage")
        assert "secret" not in str(cursor.fetchall())
    assert CaseMessage.objects.get().text == "My secret story"


def test_answer_sent_twice_by_two_clicks_is_one() -> None:
    case, staff = ask(UserFactory.create()), StaffFactory.create()
    for _ in range(2):
        services.answer(case=case, by=staff, text="The market was closed.", now=timezone.now())
    assert CaseMessage.objects.filter(case=case, by_staff=True).count() == 1
