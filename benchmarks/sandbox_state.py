"""A large state folder for the sandbox, made by its own order functions and store."""

import datetime as dt
import uuid
from decimal import Decimal
from pathlib import Path

from sandbox.orders import execution
from sandbox.orders import orders as trading
from sandbox.orders.rules import read_ticket
from sandbox.state import rows
from sandbox.state.world import Settings, World

SYMBOLS = "AAPL MSFT NVDA AMZN GOOGL META TSLA JPM V UNH XOM JNJ WMT PG MA HD".split()
CASH = Decimal(10_000_000)
ORDERS_IN_A_FRAME = 500


def build_state(folder: Path, *, accounts: int, orders: int) -> list[str]:
    """Fill a new state folder: every account ACTIVE with cash, every order accepted, filled and booked.

    Returns the ids of the accounts. The orders go round the accounts, so each has about the same number.
    """
    world = World(Settings(state=folder, market="open"))
    now = world.clock.now()
    people = [_open_account(world, number, now) for number in range(accounts)]
    world.store.commit()
    for number in range(orders):
        if number % ORDERS_IN_A_FRAME == 0:
            world.store.commit()
            now = world.clock.now()
        _buy(world, people[number % accounts], SYMBOLS[number // accounts % len(SYMBOLS)], now)
    world.store.commit()
    world.store.close()
    return [account.id for account in people]


def _open_account(world: World, number: int, now: dt.datetime) -> rows.Account:
    account = rows.Account(
        id=str(uuid.uuid4()),
        account_number=f"{number:09d}",
        status="ACTIVE",
        created_at=now,
        email=f"person.{number}@example.com",
        enabled_assets=["us_equity"],
        contact=b'{"email_address":"person@example.com","phone_number":"555-666-7788","city":"San Mateo"}',
        identity=b'{"given_name":"Jane","family_name":"Doe","date_of_birth":"1990-01-01"}',
        search_text=f"person.{number}@example.com jane doe",
    )
    world.store.add(account)
    world.store.add(rows.Ledger(id=account.id, cash=CASH, last_cash=CASH))
    return account


def _buy(world: World, account: rows.Account, symbol: str, now: dt.datetime) -> None:
    ticket = read_ticket(
        world, {"symbol": symbol, "qty": "1", "side": "buy", "type": "market", "time_in_force": "day"}
    )
    execution.step(world, trading.place(world, account, ticket, now), now)
