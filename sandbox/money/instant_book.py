"""What becomes of instant funding: the credit, its settlement from the firm's cash, its end when unpaid."""

import datetime as dt
from decimal import Decimal

from sandbox.books import ledger
from sandbox.kernel.clock import NEW_YORK
from sandbox.kernel.trading_calendar import next_session, session_on
from sandbox.state import rows
from sandbox.state.world import World

BOOKING, FLOOR = 1.0, 0.05  # seconds at speed 1, and the least
RETRY = dt.timedelta(seconds=60)  # of a settlement that waits for money
DAY_ENDS = dt.time(20)  # New York: a day of instant funding, and the wait for its settlement
SYMBOL = "INSTANTUSD"


def system_date(now: dt.datetime) -> dt.date:
    """The business day an instant belongs to: from 20:00 on it is the next."""
    local = now.astimezone(NEW_YORK)
    day = local.date()
    return day if session_on(day) and local.time() < DAY_ENDS else next_session(day).date


def deadline(now: dt.datetime) -> dt.date:
    return next_session(system_date(now)).date


def step(world: World, row: rows.InstantFunding, now: dt.datetime) -> None:
    """PENDING -> EXECUTED; unless it is settled, -> CANCELED at the end of its deadline."""
    if row.status == "PENDING":
        _credit(world, row, row.amount, now)
        end = dt.datetime.combine(row.deadline, DAY_ENDS, NEW_YORK).astimezone(dt.UTC)
        world.store.edit(row)
        row.status, row.due_at = "EXECUTED", end
    elif row.status == "EXECUTED" and not row.settlement_id:
        cancel(world, row, now)


def cancel(world: World, row: rows.InstantFunding, now: dt.datetime) -> None:
    """Take the credit back; what was spent of it becomes a debit."""
    if row.status == "EXECUTED":
        _credit(world, row, -row.amount, now)
    world.store.edit(row)
    row.status, row.due_at = "CANCELED", None


def step_settlement(world: World, settlement: rows.Settlement, now: dt.datetime) -> None:
    """Cash of the firm takes the place of the credit, or the settlement waits for more of it."""
    money = ledger.open_ledger(world, settlement.source_id, now)
    world.store.edit(settlement).updated_at = now
    if settlement.total_amount > money.cash - money.held - money.pending_out:
        settlement.status, settlement.due_at = "AWAITING_ADDITIONAL_FUNDS", now + RETRY
        return
    for transfer_id in settlement.transfer_ids:
        row = world.store.edit(world.store.instant_fundings.rows[transfer_id])
        _credit(world, row, -row.amount, now)
        for account_id, amount in ((settlement.source_id, -row.amount), (row.account_id, row.amount)):
            ledger.book(
                world, account_id, "JNLC", amount, now, description=f"settlement {settlement.id}",
                transfer_id=row.id,
            )  # fmt: skip
        row.status, row.due_at = "COMPLETED", None
    settlement.status = "COMPLETED"


def _credit(world: World, row: rows.InstantFunding, amount: Decimal, now: dt.datetime) -> None:
    """A memo post: cash that may be spent, but not withdrawn."""
    ledger.open_ledger(world, row.account_id, now).memoposts += amount
    ledger.book(world, row.account_id, "MEM", amount, now, symbol=SYMBOL, transfer_id=row.id)
