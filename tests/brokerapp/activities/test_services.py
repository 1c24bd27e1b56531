"""Activities read from the broker's list: each once, late and revised ones too, and what events add."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities import payloads, services
from brokerapp.activities.models import Activity, ActivityCursor, Unbooked
from brokerapp.broker.alpaca.errors import BrokerRejected
from brokerapp.workflow.following import EventTooEarly
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.brokerapp.activities.conftest import AT, PATH, answer, fill, other
from tests.factories import BrokerageAccountFactory

pytestmark = pytest.mark.django_db

MADE_AT = datetime(2026, 3, 2, 15, 0, 1, 500_000, tzinfo=UTC)


def of_all(pages: list[list[Any]]) -> Any:
    """The list of all accounts in pages; of one account and of the last week nothing."""

    def page(query: dict[str, str]) -> list[Any]:
        if "account_id" in query:
            return []
        tokens = ["", *(listed[-1]["id"] for listed in pages)]
        return [*pages, []][tokens.index(query.get("page_token", ""))]

    return page


def sync(now: datetime | None = None) -> None:
    services.sync_activities(now=now or timezone.now())


def due_again() -> None:
    ActivityCursor.objects.filter(pk=ActivityCursor.ALL).update(due_at=timezone.now())


def test_sync_activities_stores_what_the_list_has(account: BrokerageAccount, broker: BrokerStub) -> None:
    bought = fill(account)
    paid = other(account, qty="4", per_share_amount="0.3125", symbol="AAPL", activity_sub_type="CDIV")
    answer(broker, of_all([[bought], [paid]]))

    sync()

    first, second = Activity.objects.order_by("pk")
    assert (first.activity_type, first.subtype, first.side, first.symbol) == ("FILL", "fill", "buy", "AAPL")
    assert (first.net_amount, first.qty, first.price) == (Decimal(-400), 2, 200)
    assert (first.at, first.date) == (MADE_AT, date(2026, 3, 2))
    assert str(first.broker_order_id) == bought["order_id"]
    assert first.reference == bought["id"].partition("::")[2]
    assert (second.activity_type, second.subtype, second.net_amount) == ("DIV", "CDIV", Decimal("1.25"))
    assert (second.per_share_amount, second.request_id) == (Decimal("0.3125"), REQUEST_ID)
    assert {each.account for each in (first, second)} == {account}


def test_sync_activities_twice_stores_each_once(account: BrokerageAccount, broker: BrokerStub) -> None:
    answer(broker, of_all([[fill(account), other(account)]]))

    sync()
    due_again()
    sync()

    assert Activity.objects.count() == 2


def test_sync_activities_marks_the_books_of_whose_activities_came_or_changed(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    other_account = BrokerageAccountFactory.create()
    paid = [other(account), other(other_account)]
    answer(broker, of_all([paid]))

    sync()
    assert set(Unbooked.objects.values_list("account", flat=True)) == {account.pk, other_account.pk}
    Unbooked.objects.all().delete()
    paid[1]["net_amount"] = "1.30"
    due_again()
    sync()

    assert Unbooked.objects.get().account == other_account


def test_sync_activities_goes_on_a_little_before_the_newest(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    listed = [other(account)]
    asked = answer(broker, lambda query: [] if "account_id" in query or "page_token" in query else listed)

    sync()
    listed.append(other(account, created_at="2026-03-02T14:58:00Z"))  # readable only after a later one
    due_again()
    sync()

    assert Activity.objects.count() == 2
    assert asked[-2]["after"] == "2026-03-02T14:55:01.500000Z"


def test_sync_activities_of_a_new_account_reads_its_history_from_the_start(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    old = other(account, created_at="2025-01-02T15:00:00Z", date="2025-01-02")

    def history(query: dict[str, str]) -> list[Any]:
        is_first = "account_id" in query and "page_token" not in query
        return [old] if is_first else []

    asked = answer(broker, history)

    sync()
    sync(timezone.now() + timedelta(days=2))

    row = Activity.objects.get()
    assert row.followed_at == row.received_at  # what is old changes no figure
    assert len([query for query in asked if "account_id" in query]) == 2
    assert all("after" not in query for query in asked if "account_id" in query)
    assert ActivityCursor.objects.get(pk=str(account.pk)).due_at is None


def test_sync_activities_that_breaks_off_goes_on_from_there(
    account: BrokerageAccount, broker: BrokerStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(services, "PAGES", 1)
    pages = [[other(account)], [other(account)]]
    asked = answer(broker, of_all(pages))

    for _ in range(3):
        due_again()
        sync()

    assert Activity.objects.count() == 2
    tokens = [query.get("page_token") for query in asked if "account_id" not in query]
    assert tokens.count(pages[0][-1]["id"]) >= 1
    assert ActivityCursor.objects.get(pk=ActivityCursor.ALL).page_token == ""


def test_sync_activities_with_a_token_that_is_refused_begins_again(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    cursor = ActivityCursor.objects.create(name=ActivityCursor.ALL, page_token="gone", after=MADE_AT)
    broker.on("GET", PATH, status=422, json={"code": 40010001, "message": "invalid page_token"})

    with pytest.raises(BrokerRejected):
        services._read_on(cursor, now=timezone.now())

    cursor.refresh_from_db()
    assert cursor.page_token == ""


def test_take_page_leaves_other_peoples_accounts_out(account: BrokerageAccount, broker: BrokerStub) -> None:
    answer(broker, of_all([[other(account), other(account, account_id=str(uuid4()))]]))

    sync()

    assert Activity.objects.get().account == account


@pytest.mark.parametrize("price", ["1e15", "1e40"])
def test_sync_activities_leaves_out_what_cannot_be_stored_and_goes_on(
    account: BrokerageAccount, broker: BrokerStub, price: str, caplog: pytest.LogCaptureFixture
) -> None:
    first, second, later = fill(account), other(account), other(account)
    answer(broker, of_all([[first, fill(account, price=price), second], [later]]))

    sync()

    stored = {told["id"] for told in (first, second, later)}
    assert set(Activity.objects.values_list("activity_id", flat=True)) == stored
    assert ActivityCursor.objects.get(pk=ActivityCursor.ALL).failed_reads == 0
    assert "1 of 3 members of a reply could not be read" in caplog.text
    assert price not in caplog.text


def test_sync_activities_keeps_a_row_whose_new_figures_cannot_be_stored(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    told = other(account)
    answer(broker, of_all([[told]]))
    sync()
    told["net_amount"] = "1e15"
    due_again()

    sync()

    assert Activity.objects.get().net_amount == Decimal("1.25")
    assert ActivityCursor.objects.get(pk=ActivityCursor.ALL).failed_reads == 0


def test_sync_activities_a_full_page_that_cannot_be_read_is_not_the_end(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    answer(broker, of_all([[fill(account, price="1e40") for _ in range(100)]]))

    sync()

    assert ActivityCursor.objects.get(pk=ActivityCursor.ALL).failed_reads == 1


def test_take_page_with_other_figures_revises_the_row(
    account: BrokerageAccount, broker: BrokerStub, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    paid = other(account, amount="1.25")
    listed = [paid]
    answer(broker, lambda query: [] if "account_id" in query or "page_token" in query else listed)
    sync()
    Activity.objects.update(followed_at=timezone.now())

    listed[0] = paid | {"net_amount": "1.20", "status": "correct"}
    due_again()
    with django_capture_on_commit_callbacks(execute=True):
        sync()

    row = Activity.objects.get()
    assert (row.net_amount, row.status, row.followed_at) == (Decimal("1.20"), "correct", None)
    assert row.revised_at is not None
    assert services.FOLLOWERS in sent


def test_take_page_takes_what_is_known_of_the_person_out(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    answer(broker, of_all([[other(account, "CSD", description="wire from Ada Byron, 684486106")]]))

    sync()

    described = Activity.objects.get().description
    assert "Byron" not in described
    assert "684486106" not in described


def test_execution_taken_back_names_the_one_it_takes_back(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    bought = fill(account)
    later = {"order_id": bought["order_id"], "transaction_time": "2026-03-02T15:05:00Z"}
    undone = fill(account, qty="-2", **later)
    answer(broker, of_all([[bought], [undone, fill(account, **later)]]))

    sync()

    row = Activity.objects.get(qty__lt=0)
    assert row.previous_id == bought["id"].partition("::")[2]
    assert row.net_amount == 400
    assert Activity.objects.exclude(previous_id="").count() == 1
    assert Activity.objects.to_follow().get() == row


def test_execution_that_an_event_calls_a_correction_is_followed(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    bought, corrected = fill(account), fill(account, price="190")
    answer(broker, of_all([[bought, corrected]]))
    sync()
    assert not Activity.objects.to_follow().exists()
    Unbooked.objects.all().delete()

    services.on_activity_event(event(account, corrected, previous_id=bought["id"].partition("::")[2]))

    assert Activity.objects.to_follow().get().price == 190
    assert Unbooked.objects.get().account == account


@pytest.mark.parametrize(
    ("kinds", "is_linked"),
    [(("CSD", "CSW"), True), (("FEE", "FEE"), True), (("MEM", "MEM"), False), (("CSD", "MEM"), False)],
)
def test_booking_back_names_what_it_books_back(
    account: BrokerageAccount, broker: BrokerStub, kinds: tuple[str, str], is_linked: bool
) -> None:
    transfer_id = str(uuid4())
    first = other(account, kinds[0], "100", transfer_id=transfer_id)
    back = other(account, kinds[1], "-100", transfer_id=transfer_id, created_at="2026-03-04T15:00:00Z")
    answer(broker, of_all([[first, back]]))

    sync()

    expected = first["id"].partition("::")[2] if is_linked else ""
    assert Activity.objects.get(net_amount=-100).previous_id == expected


def test_journal_is_named_by_its_description(account: BrokerageAccount, broker: BrokerStub) -> None:
    journal_id = str(uuid4())
    answer(broker, of_all([[other(account, "JNLC", "10", description=f"ID: {journal_id} - welcome")]]))

    sync()

    assert Activity.objects.get().broker_transfer_id == UUID(journal_id)


def event(account: BrokerageAccount, told: dict[str, Any], **members: Any) -> dict[str, Any]:
    return {
        "account_id": str(account.broker_account_id),
        "ref_id": told["id"].partition("::")[2],
        "at": timezone.now().isoformat(),
        "activity_type": told["activity_type"],
        "details": {},
        **members,
    }


def test_on_activity_event_has_the_list_read_and_learns_what_only_it_tells(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    sync_time, journal_id, previous = timezone.now(), str(uuid4()), str(uuid4())
    told = other(account, "JNLC", "10", description="")
    listed: list[Any] = []
    asked = answer(broker, lambda query: [] if "account_id" in query or "page_token" in query else listed)
    sync(sync_time)
    listed.append(told)

    heard = event(account, told, previous_id=previous, details={"journal_id": journal_id})
    services.on_activity_event(heard)
    calls = len(asked)
    services.on_activity_event(heard)

    row = Activity.objects.get()
    assert (row.previous_id, row.broker_transfer_id) == (previous, UUID(journal_id))
    assert len(asked) == calls  # a row that is there needs no call


def test_on_activity_event_before_the_list_has_it_comes_again(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    answer(broker, lambda query: [])
    told = other(account)

    with pytest.raises(EventTooEarly):
        services.on_activity_event(event(account, told))
    outcome = services.on_activity_event(event(account, told, at=AT))

    assert outcome == "not in the list of activities"


def test_on_activity_event_of_an_execution_in_a_burst_leaves_it_to_the_next_reading(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    asked = answer(broker, lambda query: [])
    told = fill(account)
    sync()
    calls = len(asked)

    outcome = services.on_activity_event(event(account, told))

    assert (outcome, len(asked)) == ("left to the next reading of the list", calls)
    due_at = ActivityCursor.objects.get(pk=ActivityCursor.ALL).due_at
    assert due_at is not None
    assert due_at <= timezone.now() + services.BURST


def test_on_activity_event_of_a_foreign_account_does_nothing() -> None:
    stranger = BrokerageAccountFactory.create()
    stranger.broker_account_id = uuid4()

    assert services.on_activity_event(event(stranger, other(stranger))) == "names no activity of ours"


@pytest.mark.parametrize(
    ("side", "qty", "price", "symbol", "cash"),
    [
        ("buy", "0.333333333", "10", "AAPL", "-3.33"),
        ("sell", "2", "1.005", "AAPL", "2.01"),
        ("sell_short", "1", "10", "AAPL", "10"),
        ("buy", "-2", "200", "AAPL", "400"),
        ("buy", "1", "2.5", "AAPL270115C00200000", "-250"),
    ],
)
def test_cash_of_fill(side: str, qty: str, price: str, symbol: str, cash: str) -> None:
    assert payloads.cash_of_fill(side, Decimal(qty), Decimal(price), symbol) == Decimal(cash)


def test_event_is_not_given_up_while_another_process_reads_the_list(
    account: BrokerageAccount, broker: BrokerStub, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer(broker, of_all([[]]))
    sync()
    monkeypatch.setattr(services, "sync_activities", lambda now: None)  # as it does then
    an_hour_ago = (timezone.now() - timedelta(hours=1)).isoformat()
    with pytest.raises(EventTooEarly):
        services.on_activity_event(event(account, other(account), at=an_hour_ago))


def test_failures_are_counted_as_far_as_the_column_goes(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    sync()
    ActivityCursor.objects.update(failed_reads=32_767, due_at=timezone.now())
    sync()
    assert ActivityCursor.objects.filter(failed_reads=32_000).exists()
