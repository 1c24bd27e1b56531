"""Books that are kept as rows."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity, Unbooked
from tests.factories import BrokerageAccountFactory
from tests.trading.activities import happened, traded
from trading import lots
from trading.models import ClosedLot, ExternalFlow, GainBook, HeldLot
from trading.services import gains

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 2)
D = Decimal


def test_work_out_keeps_totals_lots_and_flows(account: BrokerageAccount) -> None:
    happened(account, "CSD", DAY, "1000.00")
    traded(account, DAY, "4", "100")
    traded(account, DAY + timedelta(days=1), "-1", "130")
    happened(account, "DIV", DAY, "2.50", symbol="AAPL", qty=D(4))
    happened(account, "FEE", DAY, "-0.02")
    happened(account, "CSW", DAY, "-10.00")

    book = gains.work_out(account=account)

    assert (book.cash, book.realized, book.dividends, book.fees) == (
        D("722.48"),
        D("30.00"),
        D("2.50"),
        D("-0.02"),
    )
    assert (book.paid_in, book.paid_out, book.activities) == (D("1000.00"), D("10.00"), 6)
    assert list(HeldLot.objects.values_list("symbol", "qty", "cost")) == [("AAPL", D(3), D("300.00"))]
    assert ClosedLot.objects.get().gain == D("30.00")
    assert list(ExternalFlow.objects.values_list("amount", flat=True)) == [D("1000.00"), D("-10.00")]


def test_work_out_again_leaves_what_was_sold_before_as_it_is(account: BrokerageAccount) -> None:
    traded(account, DAY, "4", "100")
    traded(account, DAY, "-1", "130")
    gains.work_out(account=account)
    first = ClosedLot.objects.get()
    traded(account, DAY + timedelta(days=1), "-1", "140")

    gains.work_out(account=account)

    assert ClosedLot.objects.earliest("number").pk == first.pk
    assert list(ClosedLot.objects.values_list("number", "gain")) == [(0, D("30.00")), (1, D("40.00"))]


def test_work_out_an_older_activity_that_comes_late_changes_what_follows(account: BrokerageAccount) -> None:
    traded(account, DAY, "4", "100")
    traded(account, DAY + timedelta(days=2), "-1", "130")
    gains.work_out(account=account)
    traded(account, DAY - timedelta(days=2), "1", "50")

    gains.work_out(account=account)

    assert ClosedLot.objects.get().gain == D("80.00")


def test_work_out_leaves_out_what_the_broker_calls_canceled(account: BrokerageAccount) -> None:
    happened(account, "CSD", DAY, "5")
    Activity.objects.update(status="canceled")

    assert gains.work_out(account=account).cash == 0


def test_work_out_leaves_other_accounts_alone(account: BrokerageAccount) -> None:
    other = BrokerageAccountFactory.create()
    traded(other, DAY, "4", "100")
    traded(other, DAY, "-4", "110")
    gains.work_out(account=other)

    gains.work_out(account=account)

    assert ClosedLot.objects.get().account == other
    assert GainBook.objects.get(account=account).cash == 0


def test_keep_up_works_only_when_something_came_or_changed(account: BrokerageAccount) -> None:
    happened(account, "CSD", DAY, "5")
    gains.keep_up(account=account)
    before = GainBook.objects.get().worked_out_at
    gains.keep_up(account=account)
    assert GainBook.objects.get().worked_out_at == before

    Activity.objects.update(net_amount=D(7), revised_at=timezone.now())
    gains.keep_up(account=account)

    assert GainBook.objects.get().cash == D(7)


def marked(account: BrokerageAccount, now: datetime) -> None:
    Unbooked.objects.update_or_create(account=account, defaults={"changed_at": now, "due_at": now})


def test_work_out_due_works_out_what_is_marked_and_costs_a_query_once_it_is(
    account: BrokerageAccount, django_assert_num_queries: Any
) -> None:
    now = timezone.now()
    other = BrokerageAccountFactory.create()
    for each, cash in ((account, "5"), (other, "6")):
        happened(each, "CSD", DAY, cash)
        marked(each, now)

    assert gains.work_out_due(now=now).done == 2

    assert dict(GainBook.objects.values_list("account_id", "cash")) == {account.pk: D(5), other.pk: D(6)}
    with django_assert_num_queries(1):
        assert gains.work_out_due(now=now).done == 0


def test_work_out_due_books_that_fail_come_after_the_others_and_less_and_less_often(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, bad = timezone.now(), BrokerageAccountFactory.create()
    marked(bad, now - timedelta(minutes=1))
    marked(account, now)
    kept: list[BrokerageAccount] = []

    def work_out(*, account: BrokerageAccount) -> None:
        if account == bad:
            raise ArithmeticError
        kept.append(account)

    monkeypatch.setattr(gains, "work_out", work_out)
    pauses = []
    for _ in range(3):
        gains.work_out_due(now=now)
        row = Unbooked.objects.get()
        pauses.append((row.due_at - now).seconds)
        now = row.due_at

    assert kept == [account]
    assert pauses == [5, 10, 20]


def test_work_out_due_of_an_account_with_news_meanwhile_leaves_it_marked(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = timezone.now()
    marked(account, now)
    monkeypatch.setattr(gains, "work_out", lambda account: marked(account, now + timedelta(seconds=1)))

    gains.work_out_due(now=now)

    assert Unbooked.objects.get().account == account


def test_work_out_due_has_what_an_event_named_while_somebody_else_worked_them_out(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id, days = uuid4(), [DAY + timedelta(days=number) for number in range(3)]
    bought = [traded(account, day, "1", "200", broker_order_id=order_id) for day in days[:2]]
    undo = happened(
        account,
        "FILL",
        days[2],
        "200",
        symbol="AAPL",
        qty=D(-1),
        price=D(200),
        side="buy",
        broker_order_id=order_id,
    )
    add_up = lots.work_out

    def hear_meanwhile(entries: Iterable[lots.Entry]) -> lots.Books:
        read = list(entries)
        Activity.objects.filter(pk=undo.pk).update(previous_id=bought[0].reference)
        marked(account, timezone.now())
        return add_up(read)

    with monkeypatch.context() as patched:
        patched.setattr(lots, "work_out", hear_meanwhile)
        gains.work_out(account=account)

    gains.work_out_due(now=timezone.now() + timedelta(minutes=1))

    assert not Unbooked.objects.exists()
    assert list(HeldLot.objects.values_list("opened_on", flat=True)) == [days[1]]


def test_refresh_if_behind_asks_for_books_once_there_is_something_newer(
    account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    happened(account, "CSD", DAY, "5")
    gains.work_out(account=account)
    with django_capture_on_commit_callbacks(execute=True):
        gains.refresh_if_behind(account=account, book=gains.get_book(account))
    assert sent == []
    happened(account, "CSD", DAY, "6")
    with django_capture_on_commit_callbacks(execute=True):
        gains.refresh_if_behind(account=account, book=gains.get_book(account))
    assert sent == ["trading.tasks.sync_gains"]


def test_get_years_has_short_and_long_term_apart(account: BrokerageAccount) -> None:
    traded(account, date(2024, 1, 2), "2", "10")
    traded(account, date(2025, 3, 4), "1", "20")
    traded(account, date(2025, 12, 31), "-3", "30")
    traded(account, date(2026, 1, 2), "1", "10")
    traded(account, date(2026, 1, 5), "-1", "9")
    gains.work_out(account=account)

    years = list(gains.get_years(account))

    assert [
        (row["closed_on__year"], row["short_term"], row["long_term"], row["gain"], row["sales"])
        for row in years
    ] == [(2026, D(-1), D(0), D(-1), 1), (2025, D(10), D(40), D(50), 2)]
