"""What happens by itself: statuses that move on when their time has come.

Due times are in the rows, so they survive a restart; ``run_due`` is called by a timer
set for the next one, and before each request, so that no reader sees a late state.
"""

import asyncio
import datetime as dt
from collections.abc import Callable
from typing import Any

from sandbox.accounts import options_approval
from sandbox.accounts import status as account_status
from sandbox.money import banks, instant_book, journal_book
from sandbox.money import transfers as funding
from sandbox.orders import execution
from sandbox.orders.options import expiry as option_expiry
from sandbox.portfolios import runs as rebalancing_runs
from sandbox.state import rows
from sandbox.state.world import World, log
from sandbox.streams import firm as firm_events

RETRY = dt.timedelta(seconds=30)
LONGEST_SLEEP = 1.0  # the clock may be moved meanwhile

STEPS: dict[type, Callable[[World, Any, dt.datetime], None]] = {
    rows.Account: account_status.step,
    rows.Relationship: banks.step_relationship,
    rows.Bank: banks.step_bank,
    rows.InstantFunding: instant_book.step,
    rows.Settlement: instant_book.step_settlement,
    rows.Transfer: funding.step_transfer,
    rows.Journal: journal_book.step,
    rows.Order: execution.step,
    rows.Position: option_expiry.step,
    rows.OptionsApproval: options_approval.step,
    rows.RebalancingRun: rebalancing_runs.step,
    rows.Setting: firm_events.step,
}


def run_due(world: World, now: dt.datetime) -> None:
    """Move every row on whose time has come, each in a transaction of its own."""
    store = world.store
    while (row := store.pop_due(now)) is not None:
        if row.due_at is None or row.due_at > now:
            continue
        try:
            store.edit(row).due_at = None
            STEPS[type(row)](world, row, now)
            store.commit()
        except Exception:  # noqa: BLE001 - one row must not stop the others
            store.rollback()
            log.exception("%s %s could not move on", type(row).__name__, row.id)
            store.schedule(row, now + RETRY)


def run_working(world: World, now: dt.datetime) -> None:
    """Fill or expire resting orders, each in a transaction of its own."""
    for order in world.store.orders.working():
        try:
            execution.look(world, order, now)
            world.store.commit()
        except Exception:  # noqa: BLE001 - one order must not stop the others
            world.store.rollback()
            log.exception("order %s could not be worked", order.id)
    world.worked_at = now


class Ticker:
    """Runs what is due when it is due, and looks at resting orders once a second. Needs a running loop."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._loop = asyncio.get_running_loop()
        self._looked = world.clock.now()
        firm_events.start(world)
        self._handle = self._loop.call_soon(self._tick)
        world.store.on_sooner = self._arm

    def stop(self) -> None:
        self._world.store.on_sooner = lambda: None
        self._handle.cancel()

    def _arm(self) -> None:
        due, clock = self._world.store.next_due(), self._world.clock
        pause = (due - clock.now()).total_seconds() if due else LONGEST_SLEEP
        if clock.frozen_at and pause > 0:
            pause = LONGEST_SLEEP  # waiting brings it no nearer
        self._handle.cancel()
        self._handle = self._loop.call_later(min(max(pause, 0.0), LONGEST_SLEEP), self._tick)

    def _tick(self) -> None:
        now = self._world.clock.now()
        run_due(self._world, now)
        # abs: the clock can be told to go wrong, and then moves back
        if abs((now - self._looked).total_seconds()) >= LONGEST_SLEEP:
            self._looked = now
            run_working(self._world, now)
        self._arm()
