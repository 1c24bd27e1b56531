"""``/_sandbox/clock``: read, move, freeze the sandbox's own time. No authentication: it listens locally."""

import datetime as dt
from typing import Any

from sandbox import trading_calendar
from sandbox.api import Call, decimal_of, endpoint, instant_text, invalid
from sandbox.world import World

LONGEST_ADVANCE = 366 * 86_400
COMMANDS = ("advance_seconds", "advance_to", "set", "to_next_open", "freeze", "resume")


@endpoint("GET", "/_sandbox/clock")
def show_clock(call: Call) -> dict[str, Any]:
    clock = call.world.clock
    return {
        "now": instant_text(call.now),
        "frozen": clock.frozen_at is not None,
        "offset_seconds": clock.offset.total_seconds(),
        "speed": clock.speed,
        "is_open": call.world.is_open(call.now),
    }


@endpoint("POST", "/_sandbox/clock")
def move_clock(call: Call) -> dict[str, Any]:
    """One or more of ``COMMANDS``, done in that order; forward only; kept over a restart.

    ``advance_seconds``: a number. ``advance_to`` or its other name ``set``: an RFC 3339 timestamp with an
    offset. ``to_next_open``, ``freeze``, ``resume``: true.
    """
    body = call.json_object()
    if all(body.get(name) is None or body[name] is False for name in COMMANDS):
        raise invalid(f"one of {', '.join(COMMANDS)} is required")
    if body.get("freeze") is True and body.get("resume") is True:
        raise invalid("freeze and resume are mutually exclusive")
    world, seconds = call.world, _seconds(body, call.now)
    if not 0 <= seconds <= LONGEST_ADVANCE:
        raise invalid(f"the clock moves forward by 0 to {LONGEST_ADVANCE} seconds")
    world.clock.advance(dt.timedelta(seconds=seconds))
    if body.get("freeze") is True:
        world.clock.freeze()
    if body.get("resume") is True:
        world.clock.resume()
    keep_clock(world)
    call.now = world.clock.now()
    return show_clock(call)


def keep_clock(world: World) -> None:
    """Write down where the clock stands, and let what is due by now happen soon."""
    frozen_at = world.clock.frozen_at
    world.save_setting("clock_offset", str(world.clock.offset.total_seconds()))
    world.save_setting("clock_frozen_at", frozen_at.isoformat() if frozen_at else "")
    world.store.on_sooner()


def _seconds(body: dict[str, Any], now: dt.datetime) -> float:
    """How far the body asks the clock to move."""
    target = body.get("advance_to") or body.get("set")
    if target is not None:
        try:
            return (dt.datetime.fromisoformat(str(target)) - now).total_seconds()
        except (ValueError, TypeError, OverflowError) as error:
            raise invalid("advance_to and set must be RFC 3339 timestamps with an offset") from error
    if body.get("to_next_open") is True:
        return (trading_calendar.next_open(now) - now).total_seconds()
    return float(decimal_of(body.get("advance_seconds") or 0, "advance_seconds"))
