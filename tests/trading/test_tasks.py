from decimal import Decimal
from uuid import uuid4

import pytest

from tests.broker_stub import BrokerStub
from tests.factories import BrokerageAccountFactory, OrderFactory
from trading import tasks
from trading.models import Position

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name", ["settle_orders", "sync_open_orders", "sync_stale_portfolios", "sync_quotes"]
)
def test_sweeps_with_nothing_to_do_ask_nobody(broker: BrokerStub, name: str) -> None:
    getattr(tasks, name)(an_argument_of_a_later_version="x")

    assert not broker.calls


def test_sync_portfolio_reads_positions_and_balances(broker: BrokerStub) -> None:
    account = BrokerageAccountFactory.create()
    path = f"/v1/trading/accounts/{account.broker_account_id}"
    row = {"asset_id": str(uuid4()), "symbol": "AAPL", "qty": "2", "avg_entry_price": "1", "cost_basis": "2"}
    balances = {"id": str(uuid4()), "status": "ACTIVE", "cash": "3", "buying_power": "3", "equity": "5"}
    broker.on("GET", f"{path}/positions", json=[row])
    broker.on("GET", f"{path}/account", json=balances)

    tasks.sync_portfolio(account_id=str(account.pk))

    account.refresh_from_db()
    assert Position.objects.get().qty == Decimal(2)
    assert account.cash == Decimal(3)


def test_sync_fills_of_an_order_without_any(broker: BrokerStub) -> None:
    order = OrderFactory.create(BrokerageAccountFactory.create(), status="")

    tasks.sync_fills(order_id=str(order.pk))

    assert not broker.calls
