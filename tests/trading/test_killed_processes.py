"""Processes that really die in the middle of a call: what they left behind is found out about, and once."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_balances
from brokerapp.broker.calls.models import ApiCall
from tests.journeys import open_account_at
from tests.sandbox_process import SandboxProcess, eventually
from trading.models import Asset, Order
from trading.order_spec import OrderSpec
from trading.services import market, orders, sweeps
from trading.statuses import OrderStatus

pytestmark = pytest.mark.django_db(transaction=True)

LATER = timedelta(minutes=10)
ROOT = Path(__file__).resolve().parents[2]
PLACE = """
orders.place_order(
    account=account, ticket=spec(asset, qty=Decimal(1), type="LIMIT", limit_price=Decimal(5)),
    order_id=UUID(sys.argv[2]), seen_price=None, by=account.user, now=timezone.now(),
)
"""
CHANGE = """
order = Order.objects.get(status="NEW")
orders.replace_order(
    order=order, ticket=changes.changed(order, limit_price=Decimal(6)),
    order_id=UUID(sys.argv[2]), by=account.user, now=timezone.now(),
)
"""
CANCEL = """
orders.cancel_order(order=Order.objects.get(status="NEW"), by=account.user, now=timezone.now())
"""
SCRIPT = """
import sys
from decimal import Decimal
from functools import partial
from uuid import UUID
import django
django.setup()
from django.utils import timezone
from brokerapp.accounts.models import BrokerageAccount
from trading import changes
from trading.models import Asset, Order
from trading.order_spec import OrderSpec
from trading.services import orders
spec = partial(OrderSpec, side="BUY")
account, asset = BrokerageAccount.objects.get(pk=sys.argv[1]), Asset.objects.get(symbol="AAPL")
"""


@pytest.fixture
def account(sandbox: SandboxProcess) -> BrokerageAccount:
    account = open_account_at(sandbox)
    sandbox.deposit(str(account.broker_account_id), "1000")
    market.sync_assets(now=timezone.now())
    market.sync_clock(now=timezone.now())
    return sync_balances(account=account)


def start(script: str, account: BrokerageAccount, sandbox: SandboxProcess) -> subprocess.Popen[bytes]:
    """A process of the site that does this, with our database and broker."""
    name = connection.settings_dict["NAME"]
    url = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}").geturl()
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "brokerapp.settings",
        "DATABASE_URL": url,
        "BROKER_BASE_URL": sandbox.url,
        "BROKER_DATA_URL": sandbox.url,
        "BROKER_KEY": sandbox.key,
        "BROKER_SECRET": sandbox.secret,
    }
    command = [sys.executable, "-c", SCRIPT + script, str(account.pk), str(uuid4())]
    return subprocess.Popen(command, cwd=ROOT, env=environment)


HELD_SECONDS = 1.0


def kill_in_call(
    method: str,
    action: str,
    script: str,
    account: BrokerageAccount,
    sandbox: SandboxProcess,
    has_acted: Callable[[], Any] = lambda: True,
) -> None:
    """Have a process do this, and kill it while the broker holds its call back: before acting, or after.

    A call held back before it is acted on may die on the way, or arrive once nobody waits for it any more.
    """
    path = f"/v1/trading/accounts/{account.broker_account_id}/orders*"
    sandbox.fail_next(method, path, action, seconds=HELD_SECONDS if action == "delay" else 30)
    process = start(script, account, sandbox)
    calls = ApiCall.objects.filter(method=method, finished_at__isnull=True)
    eventually(calls.exists, timeout=40, what="the call")
    eventually(has_acted, what="the broker acting")
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait(timeout=10) == -signal.SIGKILL
    assert calls.exists(), "it died in the call"
    time.sleep(HELD_SECONDS * 1.5 if action == "delay" else 0)


def at_broker(account: BrokerageAccount, sandbox: SandboxProcess) -> dict[str, str]:
    path = f"/v1/trading/accounts/{account.broker_account_id}/orders"
    return {each["id"]: each["status"] for each in sandbox.get(path, params={"status": "all"})}


def find_out() -> dict[str, str]:
    """What we have of each order once the sweeps have run."""
    for _ in range(2):
        sweeps.settle_orders(now=timezone.now() + LATER)
        sweeps.sync_open_orders(now=timezone.now() + LATER)
    taken = Order.objects.filter(broker_order_id__isnull=False)
    return {str(order.broker_order_id): order.status.lower() for order in taken}


def resting(account: BrokerageAccount) -> None:
    spec = OrderSpec(
        asset=Asset.objects.get(symbol="AAPL"),
        side="BUY",
        qty=Decimal(1),
        type="LIMIT",
        limit_price=Decimal(5),
    )
    order = orders.place_order(
        account=account, ticket=spec, order_id=uuid4(), seen_price=None, by=account.user, now=timezone.now()
    )

    def works() -> bool:
        return orders.sync_order(order=order).status == OrderStatus.NEW

    eventually(works, what="the order at the market")


def test_process_killed_while_its_order_is_held_back(
    account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    kill_in_call("POST", "delay", PLACE, account, sandbox)

    assert find_out() == at_broker(account, sandbox)
    assert Order.objects.count() == 1


def test_process_killed_before_the_reply_to_its_order(
    account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    kill_in_call("POST", "delay_reply", PLACE, account, sandbox, lambda: at_broker(account, sandbox))

    assert find_out() == at_broker(account, sandbox)
    assert len(find_out()) == 1


def test_process_killed_before_the_reply_to_its_change(
    account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    resting(account)

    kill_in_call(
        "PATCH", "delay_reply", CHANGE, account, sandbox, lambda: len(at_broker(account, sandbox)) == 2
    )

    assert find_out() == at_broker(account, sandbox)
    assert sorted(find_out().values()) == ["new", "replaced"]


def test_process_killed_while_its_cancel_is_held_back(
    account: BrokerageAccount, sandbox: SandboxProcess
) -> None:
    resting(account)

    kill_in_call("DELETE", "delay", CANCEL, account, sandbox)

    assert list(find_out().values()) == list(at_broker(account, sandbox).values()) == ["canceled"]
