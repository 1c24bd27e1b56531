"""The feed, its filters and pages, its table, and receipts."""

import csv
import io
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity, ActivityCursor
from brokerapp.activities.words import Kind
from brokerapp.ui.links import account_url
from tests.account_pages import AccountClient
from tests.brokerapp.records.conftest import NOW, activity, fill, shown
from tests.factories import OrderFactory, TransferFactory

pytestmark = pytest.mark.django_db


def queries(owner: AccountClient, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as found:
        assert owner.get(path).status_code == 200
    return len(found)


def content(reply: Any) -> str:
    """A streamed answer, whole."""
    return b"".join(reply.streaming_content).decode()


def many(account: BrokerageAccount, count: int) -> None:
    rows = [activity(None, "DIV", symbol="AAPL") for _ in range(count)]
    for number, row in enumerate(rows):
        row.account, row.at = account, NOW - timedelta(minutes=number)
        row.previous_id = rows[number - 1].reference if number % 5 == 4 else ""
    Activity.objects.bulk_create(rows)


def test_feed_shows_each_entry_under_its_day(account: BrokerageAccount, owner: AccountClient) -> None:
    fill(account)
    activity(account, "CSD", "1234.5", date=date(2026, 3, 2), at=NOW - timedelta(days=2))

    page = shown(owner.get("/activity/"))

    assert page.index("Wed 4 Mar 2026") < page.index("Bought AAPL") < page.index("Mon 2 Mar 2026")
    assert "2 shares at $200.00 a share" in page
    assert "−$400.00" in page
    assert "+$1,234.50" in page


def test_feed_costs_the_same_for_one_and_for_500(account: BrokerageAccount, owner: AccountClient) -> None:
    many(account, 1)
    owner.get("/activity/")
    one = queries(owner, "/activity/")
    many(account, 499)

    assert queries(owner, "/activity/") == one
    assert queries(owner, "/activity/?kind=dividends&symbol=aapl&page=3") == one


def test_feed_has_twenty_five_entries_on_a_page_newest_first(
    account: BrokerageAccount, owner: AccountClient
) -> None:
    for age in range(60):
        fill(account, at=NOW - timedelta(hours=age))

    pages = [owner.get(f"/activity/?page={page}") for page in (1, 2, 3)]

    times = [entry.activity.at for page in pages for entry in page.context["entries"]]
    assert times == [NOW - timedelta(hours=age) for age in range(60)]
    assert [len(page.context["entries"]) for page in pages] == [25, 25, 10]
    assert "60 entries" in pages[1].content.decode()


def test_feed_filters_by_what_the_address_says(account: BrokerageAccount, owner: AccountClient) -> None:
    fill(account)
    fill(account, symbol="BRK.B")
    activity(account, "FEE", "-0.02", date=date(2026, 3, 1))
    activity(account, "ZZZ", "7")

    def titles(query: str) -> set[str]:
        page = owner.get(f"/activity/?{query}")
        return {entry.title for entry in page.context["entries"]}

    assert titles("") == {"Bought AAPL", "Bought BRK.B", "Fee", "Other entry, “ZZZ” at the broker"}
    assert titles("kind=trades") == {"Bought AAPL", "Bought BRK.B"}
    assert titles("kind=other") == {"Other entry, “ZZZ” at the broker"}
    assert titles("symbol=aapl") == {"Bought AAPL"}
    assert titles("symbol=brk-b") == {"Bought BRK.B"}
    assert titles("last=2026-03-01") == {"Fee"}
    assert titles("first=2026-03-04&last=2026-03-01") == titles("")
    assert titles("kind=trades&symbol=zzz") == set()
    assert titles("kind=nonsense") == titles("")


def test_feed_with_a_date_that_is_none_says_so(account: BrokerageAccount, owner: AccountClient) -> None:
    fill(account)

    page = shown(owner.get("/activity/?first=tomorrow"))

    assert "Enter a date as year, month and day" in page
    assert "Bought AAPL" in page


def test_feed_empty_says_where_else_to_look(account: BrokerageAccount, owner: AccountClient) -> None:
    assert "Nothing has happened yet" in shown(owner.get("/activity/"))
    assert "Nothing like that" in shown(owner.get("/activity/?kind=fees"))
    ActivityCursor.objects.all().delete()
    assert "We are reading the broker’s books" in shown(owner.get("/activity/"))


def test_feed_ties_corrections_to_what_they_correct(account: BrokerageAccount, owner: AccountClient) -> None:
    bought = fill(account)
    undone = fill(account, qty=Decimal(-2), amount="400", previous_id=bought.reference)

    page = shown(owner.get("/activity/?kind=corrections"))
    receipt = shown(owner.get(f"/activity/{bought.pk}/"))

    assert account_url(account, "records:receipt", bought.pk) in page
    assert "Trade taken back: bought AAPL" in page
    assert account_url(account, "records:receipt", undone.pk) in receipt
    assert "Taken back by a later entry" in receipt
    assert "Takes back" in page


def test_csv_has_the_filtered_entries_and_no_formula(account: BrokerageAccount, owner: AccountClient) -> None:
    fill(account, qty=Decimal("0.123456789"))
    activity(account, "FEE", "-0.02", description="=HYPERLINK(1)")

    reply = owner.get("/activity/csv/?kind=fees")
    everything = content(owner.get("/activity/csv/"))
    lines = list(csv.DictReader(io.StringIO(content(reply))))

    assert reply["Content-Type"] == "text/csv; charset=utf-8"
    assert "attachment" in reply["Content-Disposition"]
    assert [line["Entry"] for line in lines] == ["Fee"]
    assert lines[0]["Amount (USD)"] == "-0.02"
    assert lines[0]["Note of the broker"] == "'=HYPERLINK(1)"
    assert "0.123456789" in everything


def test_csv_costs_the_same_for_one_and_for_500(account: BrokerageAccount, owner: AccountClient) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as found:
            content(owner.get("/activity/csv/"))
        return len(found)

    many(account, 1)
    one = cost()
    many(account, 499)
    assert cost() == one


def test_receipt_links_the_order_and_shows_its_proof(account: BrokerageAccount, owner: AccountClient) -> None:
    order = OrderFactory.create(account, status="filled", filled_qty="0.42", filled_avg_price="200")
    row = fill(account, broker_order_id=order.broker_order_id, request_id="c" * 32)

    page = shown(owner.get(f"/activity/{row.pk}/"))

    assert account_url(account, "trading:order", order.pk) in page
    assert "c" * 32 in page
    assert row.reference in page
    assert "Read from the broker’s list of activities" in page


def test_receipt_links_the_transfer(account: BrokerageAccount, owner: AccountClient) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE")
    row = activity(account, "CSD", "100", broker_transfer_id=transfer.broker_transfer_id)

    assert account_url(account, "funding:transfer", transfer.pk) in shown(owner.get(f"/activity/{row.pk}/"))


def test_receipt_shows_what_was_booked_together(account: BrokerageAccount, owner: AccountClient) -> None:
    group = uuid4()
    paid = activity(account, "DIV", group_id=group, symbol="AAPL")
    activity(account, "DIVNRA", "-0.3", group_id=group, symbol="AAPL")

    page = shown(owner.get(f"/activity/{paid.pk}/"))

    assert "Booked together with this" in page
    assert "Tax withheld from a dividend, AAPL" in page


@pytest.mark.parametrize("kind", [each.value for each in Kind])
def test_feed_of_each_kind_opens(kind: str, account: BrokerageAccount, owner: AccountClient) -> None:
    fill(account)
    page: Any = owner.get(f"/activity/?kind={kind}")
    assert page.status_code == 200
