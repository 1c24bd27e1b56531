"""Books that are kept as rows."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity
from tests.factories import BrokerageAccountFactory
from tests.trading.activities import happened, traded
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


def test_work_out_due_finds_accounts_with_news(account: BrokerageAccount) -> None:
    other = BrokerageAccountFactory.create()
    happened(account, "CSD", DAY, "5")
    assert gains.work_out_due().done == 1
    assert not GainBook.objects.filter(account=other).exists()
    happened(other, "CSD", DAY, "6")
    happened(account, "CSD", DAY, "7")

    gains.work_out_due()

    assert dict(GainBook.objects.values_list("account_id", "cash")) == {account.pk: D(12), other.pk: D(6)}


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
