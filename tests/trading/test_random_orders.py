"""Random orders, changes and cancels of several accounts, with executions that are taken back or corrected,
faults and killed processes: none twice, none lost, all equal.

`RANDOM_ORDERS=5000 make test ARGS="tests/trading/test_random_orders.py -n0 -q"` does more of them, and
`RANDOM_ORDERS_SEED` others; with `-o log_cli=true -o log_cli_level=INFO` it says how many of what.
"""

import logging
import os
import random
from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.services import sync_balances
from tests.journeys import open_account_at
from tests.sandbox_process import SandboxProcess, point_at
from tests.trading.random_orders import Killer, Trader, check_fills, check_orders
from trading.models import Order
from trading.services import market

logger = logging.getLogger(__name__)

OPERATIONS = int(os.environ.get("RANDOM_ORDERS", "150"))
SEED = int(os.environ.get("RANDOM_ORDERS_SEED", "1"))
ACCOUNTS = 3
DEPOSITED = Decimal(1_000_000)


@pytest.fixture
def still(tmp_path: Path, settings: Any) -> Iterator[SandboxProcess]:
    """A broker whose clock stands still but for what the test moves, and that takes any number of calls."""
    with SandboxProcess(tmp_path / "state", market="open", speed=1) as sandbox:
        sandbox.request("POST", "/_sandbox/rate-limit", json={"requests_per_minute": 10**8})
        point_at(sandbox, settings)
        yield sandbox


@pytest.fixture
def traders(still: SandboxProcess, monkeypatch: pytest.MonkeyPatch) -> list[Trader]:
    dice = random.Random(SEED)
    accounts = [open_account_at(still) for _ in range(ACCOUNTS)]
    for account in accounts:
        still.deposit(str(account.broker_account_id), str(DEPOSITED))
    market.sync_assets(now=timezone.now())
    market.sync_clock(now=timezone.now())
    still.request("POST", "/_sandbox/clock", json={"freeze": True}).raise_for_status()
    # A read that fails is tried again by the next sweep here, and not after a pause.
    monkeypatch.setattr("brokerapp.broker.clients.READ_ATTEMPTS", 1)
    killer = Killer(monkeypatch, dice)
    return [Trader(still, sync_balances(account=each), dice, killer, DEPOSITED) for each in accounts]


@pytest.mark.django_db
def test_random_orders_are_there_once_on_both_sides(traders: list[Trader]) -> None:
    for trader in traders:
        trader.arm_faults()

    for _ in range(OPERATIONS):
        traders[0].dice.choice(traders).act()
    for trader in traders:
        trader.come_to_rest()

    for trader in traders:
        check_orders(trader)
        check_fills(trader)
    told = Counter(Order.objects.values_list("status", flat=True))
    done = sum((trader.done for trader in traders), Counter())
    logger.info("%d: did %s, killed %s, orders %s", OPERATIONS, done, traders[0].killer.deaths, told)
