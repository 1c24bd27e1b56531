from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, PositionFactory, QuoteFactory
from tests.trading.conftest import CASH
from trading.models import Portfolio, Position
from trading.services import portfolio

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(**CASH)


def held(symbol: str, qty: str, asset_id: object = None) -> dict[str, Any]:
    return {
        "asset_id": str(asset_id or uuid4()),
        "symbol": symbol,
        "exchange": "NASDAQ",
        "asset_class": "us_equity",
        "side": "long",
        "qty": qty,
        "avg_entry_price": "100.123456789",
        "cost_basis": "42.05185185",
    }


def on_positions(broker: BrokerStub, account: BrokerageAccount, **reply: Any) -> None:
    broker.on("GET", f"/v1/trading/accounts/{account.broker_account_id}/positions", **reply)


def on_balances(broker: BrokerStub, account: BrokerageAccount) -> None:
    body = {
        "id": str(account.broker_account_id),
        "status": "ACTIVE",
        "cash": "7",
        "buying_power": "7",
        "equity": "9",
    }
    broker.on("GET", f"/v1/trading/accounts/{account.broker_account_id}/account", json=body)


def test_sync_positions_makes_ours_theirs(account: BrokerageAccount, broker: BrokerStub) -> None:
    asset = AssetFactory.create()
    PositionFactory.create(account=account, asset=asset, qty=Decimal(1))
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="SOLD"))
    on_positions(broker, account, json=[held("AAPL", "0.42", asset.pk), held("ODD", "1")])

    portfolio.sync_positions(account=account)

    rows = Position.objects.filter(account=account)
    assert list(rows.values_list("symbol", "qty", "asset")) == [
        ("AAPL", Decimal("0.42"), asset.pk),
        ("ODD", Decimal(1), None),
    ]
    assert Portfolio.objects.get().due_at > timezone.now()


def test_sync_positions_leaves_other_accounts_alone(account: BrokerageAccount, broker: BrokerStub) -> None:
    other = PositionFactory.create(account=BrokerageAccountFactory.create())
    on_positions(broker, account, json=[])

    portfolio.sync_positions(account=account)

    assert list(Position.objects.all()) == [other]


def test_sync_positions_answer_to_an_older_question_loses(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    PositionFactory.create(account=account)
    Portfolio.objects.create(account=account, synced_at=timezone.now() + timedelta(seconds=5))
    on_positions(broker, account, json=[])

    portfolio.sync_positions(account=account)

    assert Position.objects.count() == 1


def test_sync_positions_a_fill_meanwhile_keeps_it_due(account: BrokerageAccount, broker: BrokerStub) -> None:
    later = timezone.now() + timedelta(seconds=5)
    Portfolio.objects.create(account=account, due_at=later)
    on_positions(broker, account, json=[])

    portfolio.sync_positions(account=account)

    assert Portfolio.objects.get().due_at == later


def test_sync_stale_portfolios_reads_due_and_new_accounts(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    now = timezone.now()
    rested = BrokerageAccountFactory.create()
    Portfolio.objects.create(account=rested, due_at=now + timedelta(minutes=1))
    in_review = BrokerageAccountFactory.create(status="SUBMITTED")
    on_positions(broker, account, json=[held("AAPL", "1")])
    on_balances(broker, account)

    portfolio.sync_stale_portfolios(now=now)

    account.refresh_from_db()
    assert account.cash == Decimal(7)
    assert Position.objects.get().account == account
    assert not Portfolio.objects.filter(account=in_review).exists()
    assert broker.count("GET") == 2


def test_sync_stale_portfolios_one_failing_account_stops_nobody(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    now = timezone.now()
    bad = BrokerageAccountFactory.create()
    Portfolio.objects.create(account=bad, due_at=now - timedelta(hours=1))
    Portfolio.objects.create(account=account, due_at=now)
    on_positions(broker, bad, status=401, json={"code": 40110000, "message": "request is not authorized"})
    on_positions(broker, account, json=[held("AAPL", "1")])
    on_balances(broker, account)

    portfolio.sync_stale_portfolios(now=now)

    assert Position.objects.get().account == account
    assert Portfolio.objects.get(account=bad).due_at > now


def test_get_valuation(account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)
    QuoteFactory.create()

    found = portfolio.get_valuation(account)

    assert found.total == Decimal("1400.00")
    assert found.gain == Decimal("100.00")
