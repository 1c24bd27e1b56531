"""Events of the firm as a whole: the end of each trading day, and what operations staff did."""

import datetime as dt
from typing import Any

from sandbox.kernel import eventlog
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.kernel.trading_calendar import next_session, session_on
from sandbox.state import rows
from sandbox.state.api import encode_json, instant_text
from sandbox.state.world import World
from sandbox.streams.views import CORRESPONDENT

END_OF_DAY = dt.time(23, 30)  # New York: balances and positions are ready
SETTING = "end_of_day"  # its value is the next trading day to end
READY = (
    ("eod_balances_ready", "End-of-day balances are now available."),
    ("eod_positions_ready", "End-of-day positions are now available."),
)


def start(world: World) -> None:
    """Look forward to the end of the trading day, unless that is in the state already."""
    if world.store.settings.get(SETTING) is None:
        today = market_date(world.clock.now())
        day = today if session_on(today) else next_session(today).date
        world.store.add(rows.Setting(id=SETTING, value=day.isoformat(), due_at=_end_of(day)))
        world.store.commit()


def step(world: World, setting: rows.Setting, now: dt.datetime) -> None:
    """A trading day has ended: say so, and wait for the next."""
    for kind, description in READY:
        event = {
            "at": instant_text(now), "description": description, "system_date": setting.value, "type": kind,
        }  # fmt: skip
        world.store.emit(eventlog.SYSTEM, now, encode_json(event))
    day = next_session(dt.date.fromisoformat(setting.value)).date
    world.store.edit(setting)
    setting.value, setting.due_at = day.isoformat(), _end_of(day)


def record_admin_action(
    world: World, account_id: str, kind: str, note: str, now: dt.datetime, **context: str
) -> None:
    """``kind`` is transaction_cancel, liquidation or legacy_note."""
    event: dict[str, Any] = {
        "at": instant_text(now),
        "belongs_to": {"id_reference": account_id, "kind": "account"},
        "category": "order" if kind == "liquidation" else "other",
        "correspondent": CORRESPONDENT,
        "created_by": {"id_reference": "sandbox", "kind": "admin"},
        "note": note,
        "type": f"{kind}_admin_event",
        "visibility": "correspondent_only",
        "context": context,
    }
    world.store.emit(eventlog.ADMIN, now, encode_json(event))


def _end_of(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, END_OF_DAY, NEW_YORK).astimezone(dt.UTC)
