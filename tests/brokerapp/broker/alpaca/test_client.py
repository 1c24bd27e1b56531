"""Each method against the wire: which request it makes, and what it makes of the reply."""

import json
from datetime import UTC, date, datetime
from decimal import Decimal
from uuid import UUID

import pytest

from brokerapp.broker.alpaca import models
from brokerapp.broker.alpaca.client import BrokerClient
from brokerapp.broker.alpaca.errors import BrokerMisconfigured, BrokerOutcomeUnknown
from tests.brokerapp.broker.alpaca.conftest import BASE, REQUEST_ID

A = "7b8d9a3c-1f0e-4c55-9d7b-0a1b2c3d4e5f"
X = "61e69015-8549-4bfd-b9c3-01e75843f47d"
T = f"/v1/trading/accounts/{A}"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)

ACCOUNT = {"id": A, "status": "SUBMITTED"}
ACH = {"id": X, "status": "QUEUED"}
TRANSFER = {"id": X, "status": "QUEUED", "amount": "1234.567", "direction": "INCOMING"}
JOURNAL = {"id": X, "entry_type": "JNLC", "from_account": X, "to_account": A, "status": "queued"}
ASSET = {"id": X, "class": "us_equity", "symbol": "AAPL", "status": "active", "tradable": True}
ORDER = {"id": X, "client_order_id": "c", "status": "accepted", "filled_qty": "0"}
POSITION = {"asset_id": X, "symbol": "AAPL", "qty": "0.42", "avg_entry_price": "190", "cost_basis": "79.8"}
TRADE_ACCOUNT = {"id": A, "status": "ACTIVE", "cash": "1", "buying_power": "2", "equity": "3"}
CLOCK = {
    "timestamp": "2026-03-02T07:00:00-05:00",
    "is_open": False,
    "next_open": "2026-03-02T09:30:00-05:00",
    "next_close": "2026-03-02T16:00:00-05:00",
}
CASH = {"id": "20260302::1", "activity_type": "CSD", "net_amount": "5"}

READS = [
    (lambda c: c.accounts.get(A), f"/v1/accounts/{A}", {}, ACCOUNT),
    (
        lambda c: c.accounts.list(query="ann@example.com", entities=["contact", "identity"]),
        "/v1/accounts",
        {"query": "ann@example.com", "entities": "contact,identity"},
        [ACCOUNT],
    ),
    (lambda c: c.ach_relationships.list(A), f"/v1/accounts/{A}/ach_relationships", {}, [ACH]),
    (
        lambda c: c.transfers.list(A, limit=10, offset=20),
        f"/v1/accounts/{A}/transfers",
        {"limit": "10", "offset": "20"},
        [TRANSFER],
    ),
    (lambda c: c.journals.get(X), f"/v1/journals/{X}", {}, JOURNAL),
    (lambda c: c.assets.list(status="active"), "/v1/assets", {"status": "active"}, [ASSET]),
    (lambda c: c.orders.get(A, X), f"{T}/orders/{X}", {"nested": "true"}, ORDER),
    (
        lambda c: c.orders.get_by_client_order_id(A, "c"),
        f"{T}/orders:by_client_order_id",
        {"client_order_id": "c", "nested": "true"},
        ORDER,
    ),
    (lambda c: c.positions.list(A), f"{T}/positions", {}, [POSITION]),
    (lambda c: c.trading_accounts.get(A), f"{T}/account", {}, TRADE_ACCOUNT),
    (
        lambda c: c.activities.list(
            A, activity_types=["CSD", "FILL"], after=NOON, direction="asc", page_token="p"
        ),
        "/v1/accounts/activities",
        {
            "account_id": A,
            "activity_types": "CSD,FILL",
            "after": "2026-03-02T12:00:00Z",
            "direction": "asc",
            "page_token": "p",
        },
        [CASH],
    ),
    (lambda c: c.clock.get(), "/v1/clock", {}, CLOCK),
]

ORDER_REQUEST = models.CreateOrderRequest(
    symbol="AAPL",
    notional=Decimal("5.00"),
    side="buy",
    type="market",
    time_in_force="day",
    client_order_id="c",
)
WRITES = [
    (
        lambda c: c.documents.upload(
            A, [models.DocumentUpload(document_type="w8ben", content="AA==", mime_type="image/png")]
        ),
        "POST",
        f"/v1/accounts/{A}/documents/upload",
        [{"document_type": "w8ben", "content": "AA==", "mime_type": "image/png"}],
        None,
    ),
    (
        lambda c: c.ach_relationships.create(
            A,
            models.CreateAchRelationshipRequest(
                account_owner_name="Ann Lee",
                bank_account_type="CHECKING",
                bank_account_number="32131231abc",
                bank_routing_number="121000358",
            ),
        ),
        "POST",
        f"/v1/accounts/{A}/ach_relationships",
        {
            "account_owner_name": "Ann Lee",
            "bank_account_type": "CHECKING",
            "bank_account_number": "32131231abc",
            "bank_routing_number": "121000358",
        },
        ACH,
    ),
    (
        lambda c: c.ach_relationships.delete(A, X),
        "DELETE",
        f"/v1/accounts/{A}/ach_relationships/{X}",
        None,
        None,
    ),
    (
        lambda c: c.transfers.create(
            A,
            models.CreateTransferRequest(
                relationship_id=UUID(X), amount=Decimal("1234.56"), direction="INCOMING"
            ),
        ),
        "POST",
        f"/v1/accounts/{A}/transfers",
        {
            "transfer_type": "ach",
            "relationship_id": X,
            "amount": "1234.56",
            "direction": "INCOMING",
            "timing": "immediate",
        },
        TRANSFER,
    ),
    (
        lambda c: c.orders.create(A, ORDER_REQUEST),
        "POST",
        f"{T}/orders",
        {
            "symbol": "AAPL",
            "notional": "5",
            "side": "buy",
            "type": "market",
            "time_in_force": "day",
            "client_order_id": "c",
        },
        ORDER,
    ),
    (lambda c: c.orders.cancel(A, X), "DELETE", f"{T}/orders/{X}", None, None),
]


@pytest.fixture
def client(transport):
    return BrokerClient(transport)


@pytest.mark.parametrize(("call", "path", "query", "body"), READS, ids=[row[1] for row in READS])
def test_reads_ask_for_the_right_thing_and_carry_the_request_id(client, broker, call, path, query, body):
    broker.get(BASE + path, json=body, headers={"X-Request-ID": REQUEST_ID})

    found = call(client)

    assert broker.calls[0].request.params == query
    assert found.request_id == REQUEST_ID
    if isinstance(body, list):
        assert [item.request_id for item in found] == [REQUEST_ID]


@pytest.mark.parametrize(
    ("call", "method", "path", "sent", "body"), WRITES, ids=[f"{row[1]} {row[2]}" for row in WRITES]
)
def test_writes_send_the_right_body_once_and_carry_the_request_id(
    client, broker, call, method, path, sent, body
):
    headers = {"X-Request-ID": REQUEST_ID}
    if body is None:
        broker.add(method, BASE + path, status=204, headers=headers)
    else:
        broker.add(method, BASE + path, json=body, headers=headers)

    done = call(client)

    request = broker.calls[0].request
    assert (json.loads(request.body) if request.body else None) == sent
    assert (request.headers.get("Content-Type") == "application/json") == (sent is not None)
    assert done.request_id == REQUEST_ID
    assert len(broker.calls) == 1


def test_create_account_sends_the_application(client, broker):
    broker.post(f"{BASE}/v1/accounts", json=ACCOUNT, headers={"X-Request-ID": REQUEST_ID})
    request = models.CreateAccountRequest(
        contact=models.Contact(
            email_address="ann@example.com", street_address=["20 N San Mateo Dr"], city="San Mateo"
        ),
        identity=models.Identity(
            given_name="Ann",
            family_name="Lee",
            date_of_birth=date(1990, 1, 2),
            country_of_tax_residence="USA",
            funding_source=["savings"],
        ),
        disclosures=models.Disclosures(
            is_control_person=False,
            is_affiliated_exchange_or_finra=False,
            is_politically_exposed=False,
            immediate_family_exposed=False,
        ),
        agreements=[
            models.Agreement(agreement="customer_agreement", signed_at=NOON, ip_address="203.0.113.7"),
        ],
    )

    account = client.accounts.create(request)

    sent = json.loads(broker.calls[0].request.body)
    assert sent["contact"]["street_address"] == ["20 N San Mateo Dr"]
    assert sent["disclosures"]["is_control_person"] is False
    assert "trusted_contact" not in sent
    assert (account.id, account.request_id) == (UUID(A), REQUEST_ID)


def test_create_journal_sends_its_idempotency_key(client, broker):
    broker.post(f"{BASE}/v1/journals", json=JOURNAL)
    request = models.CreateJournalRequest(
        entry_type="JNLC", from_account=UUID(X), to_account=UUID(A), amount=Decimal(10)
    )

    client.journals.create(request, "key-1")

    sent = broker.calls[0].request
    assert sent.headers["Idempotency-Key"] == "key-1"
    assert json.loads(sent.body)["amount"] == "10"


def test_get_account_of_another_firm_is_our_fault_and_not_merely_missing(client, broker):
    broker.get(
        f"{BASE}/v1/accounts/{A}", status=401, json={"code": 40110000, "message": "request is not authorized"}
    )

    with pytest.raises(BrokerMisconfigured) as caught:
        client.accounts.get(A)

    assert caught.value.code == 40110000


def test_records_hold_templates_and_ids_only(client, broker, recorded):
    broker.get(f"{BASE}/v1/accounts", json=[])
    broker.get(f"{BASE}{T}/orders/{X}", json=ORDER)

    client.accounts.list(query="ann@example.com")
    client.orders.get(A, X)

    assert [record.path for record in recorded.finished] == [
        "/v1/accounts",
        "/v1/trading/accounts/{account_id}/orders/{order_id}",
    ]
    assert recorded.finished[1].ids == {"account_id": A, "order_id": X}
    assert "ann@example.com" not in repr(recorded.finished)


ODD_MEMBERS = [
    (lambda c: c.assets.list(), "/v1/assets", ASSET, {"symbol": "KUBTY"}),
    (lambda c: c.positions.list(A), f"{T}/positions", POSITION, {"symbol": "KUBTY", "qty": None}),
    (lambda c: c.ach_relationships.list(A), f"/v1/accounts/{A}/ach_relationships", ACH, None),
    (lambda c: c.transfers.list(A), f"/v1/accounts/{A}/transfers", TRANSFER, {"id": "x"}),
    (lambda c: c.accounts.list(), "/v1/accounts", ACCOUNT, 7),
    (lambda c: c.activities.list(A), "/v1/accounts/activities", CASH, {"activity_type": "FILL", "id": "f"}),
]


@pytest.mark.parametrize(("call", "path", "good", "odd"), ODD_MEMBERS)
def test_a_list_leaves_out_the_member_it_cannot_read(client, broker, caplog, call, path, good, odd):
    broker.get(BASE + path, json=[odd, good, odd], headers={"X-Request-ID": REQUEST_ID})

    found = call(client)

    assert (len(found), found.unreadable) == (1, 2)
    assert found.request_id == found[0].request_id == REQUEST_ID
    assert "2 of 3 members" in caplog.text
    assert "KUBTY" not in caplog.text
    with pytest.raises(BrokerOutcomeUnknown, match="2 members of the list could not be read") as refused:
        found.whole()
    assert refused.value.request_id == REQUEST_ID


@pytest.mark.parametrize("body", [{}, {"message": "x"}, None, "x", 7])
@pytest.mark.parametrize(("call", "path"), [(call, path) for call, path, _, _ in ODD_MEMBERS])
def test_a_list_that_is_none_is_unreadable(client, broker, call, path, body):
    broker.get(BASE + path, json=body)

    with pytest.raises(BrokerOutcomeUnknown):
        call(client)


def test_an_asset_may_be_silent_about_what_it_permits(client, broker):
    silent = {"tradable": None, "fractionable": None, "marginable": None, "shortable": None}
    broker.get(f"{BASE}/v1/assets", json=[ASSET | silent])

    (asset,) = client.assets.list()

    assert not any((asset.tradable, asset.fractionable, asset.marginable, asset.shortable))


@pytest.mark.parametrize("cost", [{"cost_basis": None}, {"cost_basis": ""}])
def test_a_position_without_a_cost_has_that_of_its_entry_prices(client, broker, cost):
    broker.get(f"{BASE}{T}/positions", json=[POSITION | cost])

    (position,) = client.positions.list(A)

    assert position.cost_basis == Decimal("79.8")


def test_a_fill_may_name_no_order(client, broker):
    fill = {
        "id": "20260302::2",
        "activity_type": "FILL",
        "transaction_time": "2026-03-02T15:00:00Z",
        "symbol": "AAPL",
        "side": "buy",
        "price": "190",
        "qty": "1",
    }
    broker.get(f"{BASE}/v1/accounts/activities", json=[fill, CASH])

    found = client.activities.list(A)

    assert (found[0].order_id, len(found), found.unreadable) == (None, 2, 0)
