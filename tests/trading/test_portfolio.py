from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.models import Page
from brokerapp.broker.streams.models import EventStream, StreamCursor
from brokerapp.workflow.following import QUIETER_WHILE_LIVE
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, PositionFactory
from trading.models import Position, PositionsSync
from trading.services import portfolio

pytestmark = pytest.mark.django_db


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
    assert list(rows.values_list("symbol", "qty")) == [("AAPL", Decimal("0.42")), ("ODD", Decimal(1))]
    stranger = rows.get(symbol="ODD").asset
    assert (stranger.status, stranger.tradable, stranger.asset_class) == ("inactive", False, "us_equity")
    assert PositionsSync.objects.get().due_at > timezone.now()


def test_sync_positions_leaves_other_accounts_alone(account: BrokerageAccount, broker: BrokerStub) -> None:
    other = PositionFactory.create(account=BrokerageAccountFactory.create())
    on_positions(broker, account, json=[])

    portfolio.sync_positions(account=account)

    assert list(Position.objects.all()) == [other]


def test_sync_positions_answer_to_an_older_question_loses(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    PositionFactory.create(account=account)
    PositionsSync.objects.create(account=account, synced_at=timezone.now() + timedelta(seconds=5))
    on_positions(broker, account, json=[])

    portfolio.sync_positions(account=account)

    assert Position.objects.count() == 1


def test_sync_positions_a_fill_meanwhile_keeps_it_due(account: BrokerageAccount, broker: BrokerStub) -> None:
    later = timezone.now() + timedelta(seconds=5)
    PositionsSync.objects.create(account=account, due_at=later)
    on_positions(broker, account, json=[])

    portfolio.sync_positions(account=account)

    assert PositionsSync.objects.get().due_at == later


def test_sync_stale_portfolios_reads_due_and_new_accounts(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    now = timezone.now()
    rested = BrokerageAccountFactory.create()
    PositionsSync.objects.create(account=rested, due_at=now + timedelta(minutes=1))
    in_review = BrokerageAccountFactory.create(status="SUBMITTED")
    on_positions(broker, account, json=[held("AAPL", "1")])
    on_balances(broker, account)

    portfolio.sync_stale_portfolios(now=now)

    account.refresh_from_db()
    assert account.cash == Decimal(7)
    assert Position.objects.get().account == account
    assert not PositionsSync.objects.filter(account=in_review).exists()
    assert broker.count("GET") == 2


def test_sync_stale_portfolios_one_failing_account_stops_nobody(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    now = timezone.now()
    bad = BrokerageAccountFactory.create()
    PositionsSync.objects.create(account=bad, due_at=now - timedelta(hours=1))
    PositionsSync.objects.create(account=account, due_at=now)
    on_positions(broker, bad, status=401, json={"code": 40110000, "message": "request is not authorized"})
    on_positions(broker, account, json=[held("AAPL", "1")])
    on_balances(broker, account)

    portfolio.sync_stale_portfolios(now=now)

    assert Position.objects.get().account == account
    assert PositionsSync.objects.get(account=bad).due_at > now


def test_sync_positions_a_coin_is_one_position_however_it_is_spelt(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    coin = AssetFactory.create(symbol="BTC/USD", asset_class="crypto")
    PositionFactory.create(account=account, asset=coin)
    on_positions(broker, account, json=[held("BTCUSD", "0.5", coin.pk) | {"asset_class": "crypto"}])

    portfolio.sync_positions(account=account)

    position = Position.objects.get()
    assert (position.asset, position.symbol, position.qty) == (coin, "BTC/USD", Decimal("0.5"))


def test_sync_positions_a_symbol_handed_on_makes_two(account: BrokerageAccount, broker: BrokerStub) -> None:
    old = AssetFactory.create(symbol="META", status="inactive")
    on_positions(broker, account, json=[held("META", "1", old.pk), held("META", "2")])

    portfolio.sync_positions(account=account)

    assert Position.objects.count() == 2


def test_sync_positions_without_a_cost(account: BrokerageAccount, broker: BrokerStub) -> None:
    odd = held("ODD", "1") | {"cost_basis": None, "avg_entry_price": None}
    on_positions(broker, account, json=[held("AAPL", "1"), odd])

    portfolio.sync_positions(account=account)

    assert Position.objects.get(symbol="ODD").cost_basis is None
    assert Position.objects.count() == 2


def test_sync_positions_an_unreadable_member_removes_nothing(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    PositionFactory.create(account=account)
    monkeypatch.setattr(
        "brokerapp.broker.alpaca.client.positions.Positions.list", lambda self, _: Page(unreadable=1)
    )

    portfolio.sync_positions(account=account)

    assert Position.objects.count() == 1


@pytest.mark.parametrize("times", [1, QUIETER_WHILE_LIVE], ids=["stream dead", "stream alive"])
def test_sync_positions_that_do_not_change_are_read_less_often(
    account: BrokerageAccount, broker: BrokerStub, times: int
) -> None:
    on_positions(broker, account, json=[])
    StreamCursor.objects.create(stream=EventStream.TRADES, connected=times > 1, last_seen_at=timezone.now())
    pauses = []
    for age in (timedelta(0), timedelta(hours=8), timedelta(days=30)):
        now = timezone.now()
        PositionsSync.objects.update_or_create(
            account=account, defaults={"changed_at": now - age, "due_at": now, "synced_at": None}
        )
        portfolio.sync_positions(account=account)
        pauses.append(PositionsSync.objects.get().due_at - now)

    assert timedelta(minutes=15) <= pauses[0] / times < timedelta(minutes=16)
    assert timedelta(hours=2) <= pauses[1] / times < timedelta(hours=3)
    assert timedelta(hours=6) <= pauses[2] / times < timedelta(hours=7)


def test_refresh_if_old_has_what_somebody_looks_at_read_again(
    account: BrokerageAccount, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    now = timezone.now()
    sync = PositionsSync.objects.create(
        account=account, due_at=now + timedelta(hours=3), synced_at=now - timedelta(minutes=1)
    )

    with django_capture_on_commit_callbacks(execute=True):
        portfolio.refresh_if_old(account=account, now=now)
        assert PositionsSync.objects.get().due_at == sync.due_at
        PositionsSync.objects.update(synced_at=now - timedelta(hours=1))
        portfolio.refresh_if_old(account=account, now=now)
        portfolio.refresh_if_old(account=account, now=now)

    assert PositionsSync.objects.get().due_at == now
    assert sent == ["trading.tasks.sync_portfolio"]


def test_sync_stale_portfolios_what_failed_is_due_again_within_seconds(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    now = timezone.now()
    on_positions(broker, account, status=400, json={"message": "unreadable"})
    pauses = []
    for _ in range(3):
        portfolio.sync_stale_portfolios(now=now)
        due_at = PositionsSync.objects.get(account=account).due_at
        pauses.append((due_at - now).total_seconds())
        now = due_at

    assert pauses == [5, 10, 20]
