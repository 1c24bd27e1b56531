"""Orders that are filled come as one quiet mail, each in exactly one."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.utils import timezone

from brokerapp.mailing.models import MailStatus
from brokerapp.notices import digests, messages
from brokerapp.notices.models import Digest, Fills, Notice, NoticeKind, NoticePreferences
from brokerapp.notices.reader import write_notices
from brokerapp.notices.services import tell_people
from brokerapp.workflow.models import StatusChange
from tests.factories import BrokerageAccountFactory, OrderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


def tell_after(time: timedelta) -> None:
    """Tell people as the worker does that long from now."""
    with time_machine.travel(timezone.now() + time):
        tell_people(now=timezone.now())


def fill(account: Any, number: int = 1) -> None:
    """Orders of an account that the broker has filled, told of."""
    for _ in range(number):
        OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="200")
    write_notices(StatusChange.objects.order_by("pk"))


@pytest.fixture
def account() -> Any:
    return BrokerageAccountFactory.create()


def prefer(account: Any, fills: Fills) -> None:
    NoticePreferences.objects.create(user=account.user, fills=fills)


def fills_told() -> "list[Notice]":
    return list(Notice.objects.filter(kind=NoticeKind.ORDER_FILLED))


def about_fills() -> list[str]:
    return [str(sent.subject) for sent in mail.outbox if "filled" in sent.subject]


def test_fills_are_one_mail_after_a_quarter_of_an_hour(account: Any) -> None:
    fill(account, 3)
    tell_people(now=timezone.now())
    assert about_fills() == []

    for minutes in (16, 17, 60):
        tell_after(timedelta(minutes=minutes))

    assert about_fills() == ["3 of your orders were filled"]
    sent = next(each for each in mail.outbox if "filled" in each.subject)
    for notice in fills_told():
        assert str(sent.body).count(f"Our reference: {notice.row_id}") == 1
        assert notice.status == MailStatus.NOT_MAILED


def test_a_fill_after_a_digest_is_closed_comes_in_the_next_one(account: Any) -> None:
    fill(account)
    later = timezone.now() + timedelta(minutes=16)
    digests.close_due(now=later)
    fill(account)

    for minutes in (17, 40):
        tell_after(timedelta(minutes=minutes))

    assert about_fills() == ["Your order was filled"] * 2
    bodies = [str(sent.body) for sent in mail.outbox if "filled" in sent.subject]
    for notice in fills_told():
        assert sum(body.count(notice.row_id) > 0 for body in bodies) == 1


def test_fills_as_a_mail_each_are_mailed_at_once(account: Any) -> None:
    prefer(account, Fills.EACH)
    fill(account, 2)
    tell_people(now=timezone.now())
    assert about_fills() == ["Your order was filled"] * 2
    assert not Digest.objects.exists()


def test_fills_without_a_mail_are_in_the_inbox_only(account: Any) -> None:
    prefer(account, Fills.NONE)
    fill(account)
    tell_after(timedelta(days=2))
    assert about_fills() == []
    assert {notice.status for notice in fills_told()} == {MailStatus.NOT_MAILED}


def test_digest_whose_mail_server_is_away_is_tried_again_with_all_that_is_in_it(
    account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from brokerapp.mailing import delivery

    fill(account, 2)
    real = delivery.deliver

    def away(message: Any) -> None:
        raise delivery.MailServerAway("away")

    monkeypatch.setattr(delivery, "deliver", away)
    tell_after(timedelta(minutes=16))
    monkeypatch.setattr(delivery, "deliver", real)
    fill(account)  # comes too late for it
    Digest.objects.filter(closed_at__isnull=False).update(next_try_at=timezone.now())
    tell_people(now=timezone.now())

    assert about_fills() == ["2 of your orders were filled"]


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        (datetime(2026, 3, 4, 15, 0, tzinfo=UTC), datetime(2026, 3, 4, 21, 30, tzinfo=UTC)),
        (datetime(2026, 3, 4, 22, 0, tzinfo=UTC), datetime(2026, 3, 5, 21, 30, tzinfo=UTC)),
        (datetime(2026, 7, 1, 12, 0, tzinfo=UTC), datetime(2026, 7, 1, 20, 30, tzinfo=UTC)),
    ],
)
def test_closes_at_once_a_day_is_half_an_hour_after_the_close(now: datetime, wanted: datetime) -> None:
    assert digests.closes_at(now, Fills.DAY) == wanted
    assert digests.closes_at(now, Fills.MINUTES) == now + timedelta(minutes=15)


def test_digest_message_of_more_orders_than_it_names_leads_to_the_inbox(
    account: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(messages, "LISTED", 1)
    fill(account, 3)
    digests.close_due(now=timezone.now() + timedelta(minutes=16))

    body = str(messages.digest_message_of(Digest.objects.get()).body)

    assert body.count("Our reference") == 1
    assert "And 2 more, in your inbox: http" in body
