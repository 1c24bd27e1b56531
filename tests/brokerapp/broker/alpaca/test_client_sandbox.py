"""Every client method against the sandbox process: another reading of the same API."""

import base64
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from brokerapp.broker.alpaca import models
from brokerapp.broker.alpaca.client import BrokerClient
from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerMisconfigured,
    BrokerNotDone,
    BrokerNotFound,
    BrokerOutcomeUnknown,
    BrokerRejected,
    BrokerUnreachable,
)
from brokerapp.broker.alpaca.market_data import MarketDataClient
from brokerapp.broker.alpaca.stream import Event, read_events
from brokerapp.broker.alpaca.transport import Transport
from tests.sandbox_process import SandboxProcess, eventually

PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + b"\0" * 64).decode()


@pytest.fixture(scope="module")
def sandbox(tmp_path_factory) -> Iterator[SandboxProcess]:
    with SandboxProcess(tmp_path_factory.mktemp("sandbox") / "state") as process:
        yield process


@pytest.fixture
def transport(sandbox) -> Transport:
    return Transport(sandbox.url, sandbox.key, sandbox.secret, sleep=lambda seconds: None)


@pytest.fixture
def client(transport) -> BrokerClient:
    return BrokerClient(transport)


def account_request(email: str) -> models.CreateAccountRequest:
    return models.CreateAccountRequest(
        contact=models.Contact(
            email_address=email,
            phone_number="+12125550123",
            street_address=["20 N San Mateo Dr"],
            unit="4B",
            city="San Mateo",
            state="CA",
            postal_code="94401",
            country="USA",
        ),
        identity=models.Identity(
            given_name="Ada",
            family_name="Byron",
            date_of_birth=date(1985, 3, 31),
            tax_id="124-55-4321",
            tax_id_type="USA_SSN",
            country_of_citizenship="USA",
            country_of_birth="USA",
            country_of_tax_residence="USA",
            funding_source=["employment_income"],
        ),
        disclosures=models.Disclosures(
            is_control_person=False,
            is_affiliated_exchange_or_finra=False,
            is_politically_exposed=False,
            immediate_family_exposed=False,
            employment_status="unemployed",
        ),
        agreements=[
            models.Agreement(agreement=name, signed_at=datetime.now(UTC), ip_address="203.0.113.7")
            for name in ("customer_agreement", "account_agreement")
        ],
        trusted_contact=models.TrustedContact(
            given_name="Charles", family_name="Babbage", email_address="charles@example.com"
        ),
    )


@pytest.fixture
def account(client) -> models.Account:
    """An account that may trade."""
    created = client.accounts.create(account_request(f"{uuid4().hex}@example.com"))
    return eventually(
        lambda: (found := client.accounts.get(created.id)).status == "ACTIVE" and found, what="ACTIVE"
    )


def links(client: BrokerClient, account: models.Account, *statuses: str) -> list[models.AchRelationship]:
    """The account's bank links in one of `statuses`."""
    return [link for link in client.ach_relationships.list(account.id) if link.status in statuses]


@pytest.fixture
def bank(client, account) -> models.AchRelationship:
    """An approved bank link of the account."""
    client.ach_relationships.create(
        account.id,
        models.CreateAchRelationshipRequest(
            account_owner_name="Ada Byron",
            bank_account_type="CHECKING",
            bank_account_number="32131231abc",
            bank_routing_number="121000358",
            nickname="Main",
        ),
    )
    return eventually(
        lambda: next(iter(links(client, account, "APPROVED")), None), what="an APPROVED bank link"
    )


@pytest.fixture
def funded(sandbox, account) -> models.Account:
    """An account with $1,000."""
    sandbox.deposit(str(account.id), "1000.00")
    return account


def order_request(**terms) -> models.CreateOrderRequest:
    terms = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day"} | terms
    return models.CreateOrderRequest(client_order_id=str(uuid4()), **terms)


def test_create_account_answers_with_a_request_id(client):
    email = f"{uuid4().hex}@example.com"
    created = client.accounts.create(account_request(email))

    assert len(created.request_id) == 32
    found = client.accounts.list(query=email, entities=["contact"])
    assert [account.id for account in found] == [created.id]
    assert found[0].contact is not None
    assert found[0].contact.email_address == email


def test_create_account_refuses_a_used_email_address(client):
    email = f"{uuid4().hex}@example.com"
    client.accounts.create(account_request(email))

    with pytest.raises(BrokerRejected) as caught:
        client.accounts.create(account_request(email))

    assert (caught.value.http_status, caught.value.code) == (409, 40910000)
    assert caught.value.request_id


def test_get_account_of_nobody_is_our_fault(client):
    with pytest.raises(BrokerMisconfigured) as caught:
        client.accounts.get(uuid4())
    assert (caught.value.http_status, caught.value.code) == (401, 40110000)


def test_wrong_credentials_are_our_own_fault(sandbox):
    with pytest.raises(BrokerMisconfigured) as caught:
        BrokerClient(Transport(sandbox.url, sandbox.key, "wrong")).clock.get()
    assert caught.value.http_status == 401
    assert caught.value.request_id


def test_upload_documents_shows_them_in_the_account(client, account):
    upload = models.DocumentUpload(
        document_type="identity_verification",
        document_sub_type="passport",
        content=PNG,
        mime_type="image/png",
    )

    done = client.documents.upload(account.id, [upload])

    documents = client.accounts.get(account.id).documents or []
    assert done.request_id
    assert [document.document_type for document in documents] == ["identity_verification"]


def test_bank_link_is_approved_listed_and_deleted(client, account, bank):
    assert bank.status == "APPROVED"
    assert bank.bank_routing_number == "121000358"

    client.ach_relationships.delete(account.id, bank.id)

    assert links(client, account, "QUEUED", "APPROVED") == []


def test_transfer_completes_and_becomes_cash_and_an_activity(client, account, bank):
    created = client.transfers.create(
        account.id,
        models.CreateTransferRequest(
            relationship_id=bank.id, amount=Decimal("1234.567"), direction="INCOMING"
        ),
    )
    assert (created.amount, created.direction) == (Decimal("1234.567"), "INCOMING")

    def complete():
        transfers = client.transfers.list(account.id, limit=10, offset=0)
        return [transfer for transfer in transfers if transfer.status == "COMPLETE"]

    [transfer] = eventually(complete, what="a COMPLETE transfer")
    [activity] = client.activities.list(account.id, activity_types=["CSD"])

    assert transfer.id == created.id
    assert client.trading_accounts.get(account.id).cash == Decimal("1234.567")
    assert isinstance(activity, models.NonTrade)
    assert activity.net_amount == Decimal("1234.567")


def test_journal_moves_cash_once_for_one_key(sandbox, client, account):
    request = models.CreateJournalRequest(
        entry_type="JNLC",
        from_account=sandbox.firm_account_id,
        to_account=account.id,
        amount=Decimal("10.50"),
        description="welcome",
    )
    key = str(uuid4())

    first, second = client.journals.create(request, key), client.journals.create(request, key)

    assert first.id == second.id
    eventually(lambda: client.journals.get(first.id).status == "executed", what="an executed journal")
    assert client.trading_accounts.get(account.id).cash == Decimal("10.50")


def test_assets_are_listed(client):
    assets = client.assets.list(status="active")
    (apple,) = [asset for asset in assets if asset.symbol == "AAPL"]

    assert len(assets) >= 500
    assert (apple.symbol, apple.asset_class, apple.tradable, apple.fractionable) == (
        "AAPL",
        "us_equity",
        True,
        True,
    )


def test_order_fills_and_becomes_a_position_and_a_fill(client, funded):
    request = order_request(qty=Decimal("0.42"))
    created = client.orders.create(funded.id, request)

    def filled():
        order = client.orders.get(funded.id, created.id)
        return order if order.status == "filled" else None

    order = eventually(filled, what="a filled order")
    (position,) = client.positions.list(funded.id)
    [fill] = client.activities.list(funded.id, activity_types=["FILL"])

    assert client.orders.get_by_client_order_id(funded.id, request.client_order_id).id == order.id
    assert order.filled_qty == position.qty == Decimal("0.42")
    assert order.filled_avg_price == position.avg_entry_price
    assert [item.symbol for item in client.positions.list(funded.id)] == ["AAPL"]
    assert isinstance(fill, models.Fill)
    assert (fill.order_id, fill.qty, fill.price) == (order.id, Decimal("0.42"), order.filled_avg_price)


def test_order_by_amount_fills(client, funded):
    created = client.orders.create(funded.id, order_request(notional=Decimal("50.00")))
    order = eventually(
        lambda: (found := client.orders.get(funded.id, created.id)).status == "filled" and found,
        what="filled",
    )
    assert order.filled_avg_price is not None
    assert abs(order.filled_qty * order.filled_avg_price - 50) < Decimal("0.01")


def test_order_refusals_say_why(client, funded):
    with pytest.raises(BrokerRejected) as caught:
        client.orders.create(funded.id, order_request(qty=Decimal(100000)))

    assert caught.value.code == 40310000
    assert caught.value.user_message == "There is not enough buying power for this order."
    assert "buying_power" in caught.value.details


def test_order_with_a_used_client_order_id_is_refused(client, funded):
    request = order_request(notional=Decimal(5))
    client.orders.create(funded.id, request)

    with pytest.raises(BrokerRejected) as caught:
        client.orders.create(funded.id, request)

    assert caught.value.http_status == 422
    assert caught.value.user_message == "This order was already sent."


def test_cancel_order_refuses_what_is_finished_or_unknown(client, funded):
    created = client.orders.create(funded.id, order_request(notional=Decimal(5)))
    eventually(lambda: client.orders.get(funded.id, created.id).status == "filled", what="filled")

    with pytest.raises(BrokerRejected):
        client.orders.cancel(funded.id, created.id)
    with pytest.raises(BrokerNotFound):
        client.orders.cancel(funded.id, uuid4())


def test_missing_things_are_not_found(client, account):
    with pytest.raises(BrokerNotFound):
        client.orders.get_by_client_order_id(account.id, uuid4())
    with pytest.raises(BrokerNotFound):
        client.journals.get(uuid4())


def test_clock_says_that_a_market_that_never_closes_is_open(client):
    assert client.clock.get().is_open


def test_market_data_prices_what_can_be_bought(transport):
    market = MarketDataClient(transport)

    snapshots = market.get_snapshots(["AAPL", "MSFT", "NOSUCHSYMBOL"])

    assert set(snapshots) == {"AAPL", "MSFT"}
    assert snapshots.request_id
    assert snapshots["AAPL"].latest_trade is not None
    assert snapshots["AAPL"].latest_trade.price > 0


@pytest.mark.parametrize(
    ("path", "resume"),
    [
        ("/v1/events/accounts/status", "since_ulid"),
        ("/v2/events/funding/status", "since_id"),
        ("/v2/events/trades", "since_id"),
        ("/v2/events/journals/status", "since_id"),
    ],
)
def test_events_replay_and_resume_after_the_one_named(sandbox, client, transport, funded, bank, path, resume):
    client.orders.create(funded.id, order_request(notional=Decimal(5)))
    client.journals.create(
        models.CreateJournalRequest(
            entry_type="JNLC", from_account=sandbox.firm_account_id, to_account=funded.id, amount=Decimal(1)
        ),
        str(uuid4()),
    )

    def first_two(**since):
        found, deadline = [], time.monotonic() + 10
        messages: Any = read_events(transport, path, silence=20, **since)
        with closing(messages):
            for message in messages:
                if isinstance(message, Event):
                    found.append(message.id)
                if len(found) == 2 or time.monotonic() > deadline:
                    break
        return found

    first, second = first_two(since=date(2020, 1, 1))
    assert len(first) == 26
    assert first_two(**{resume: first})[0] == second


@pytest.mark.parametrize(
    ("action", "members", "error", "acted"),
    [
        ("refuse", {}, BrokerOutcomeUnknown, False),
        ("drop_reply", {}, BrokerOutcomeUnknown, True),
        ("status", {"status": 503}, BrokerOutcomeUnknown, False),
        ("status", {"status": 429}, BrokerBusy, False),
    ],
)
def test_faults_are_told_apart_and_a_write_goes_out_once(
    sandbox, client, funded, action, members, error, acted
):
    request = order_request(notional=Decimal(5))
    sandbox.fail_next("POST", f"/v1/trading/accounts/{funded.id}/orders", action, **members)

    with pytest.raises(error) as caught:
        client.orders.create(funded.id, request)
    sandbox.clear_faults()

    # A client of its own: this one would wait until the minute of the 429 is over.
    other = BrokerClient(Transport(sandbox.url, sandbox.key, sandbox.secret))
    if acted:
        found = other.orders.get_by_client_order_id(funded.id, request.client_order_id)
        assert found.client_order_id == request.client_order_id
    else:
        with pytest.raises(BrokerNotFound):
            other.orders.get_by_client_order_id(funded.id, request.client_order_id)
    assert caught.value.reference


def test_a_stopped_broker_is_unreachable_and_a_write_to_it_not_done(tmp_path):
    with SandboxProcess(tmp_path / "state") as other:
        client = BrokerClient(Transport(other.url, other.key, other.secret, sleep=lambda seconds: None))
        client.clock.get()
        other.kill()
        with pytest.raises(BrokerNotDone) as caught:
            client.accounts.create(account_request("ada@example.com"))
        other.start()

    assert isinstance(caught.value, BrokerUnreachable)
