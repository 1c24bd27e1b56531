"""``/_sandbox/clock``: read, move, freeze the sandbox's own time. No authentication: it listens locally."""

import datetime as dt
from typing import Any

from sandbox.kernel import trading_calendar
from sandbox.state.api import Call, decimal_of, endpoint, instant_text, invalid
from sandbox.state.world import World

LONGEST_ADVANCE = 366 * 86_400
MOST_SKEW = 86_400
SKEW = "date_header_skew_seconds"
MOVES = ("advance_seconds", "advance_to", "set")
FLAGS = ("to_next_open", "freeze", "resume")


@endpoint("GET", "/_sandbox/clock")
def show_clock(call: Call) -> dict[str, Any]:
    clock = call.world.clock
    return {
        "now": instant_text(call.now),
        "frozen": clock.frozen_at is not None,
        "offset_seconds": clock.offset.total_seconds(),
        "speed": clock.speed,
        SKEW: clock.skew.total_seconds(),
        "is_open": call.world.is_open(call.now),
    }


@endpoint("POST", "/_sandbox/clock")
def move_clock(call: Call) -> dict[str, Any]:
    """Move it forward, freeze it, let it go on; kept over a restart.

    ``advance_seconds``: a number. ``advance_to`` or its other name ``set``: an RFC 3339 timestamp with an
    offset. ``to_next_open``, ``freeze``, ``resume``: true.

    ``date_header_skew_seconds``: how far it is to go wrong from now on; 0 is right again. Only this moves it
    back: history made before then seems to lie ahead.
    """
    move(call.world, call.json_object(), call.now)
    call.now = call.world.clock.now()
    return show_clock(call)


def move(world: World, body: dict[str, Any], now: dt.datetime) -> None:
    """What the body asks for: freeze, then move, then resume. Raises a 422."""
    if any(not isinstance(body.get(name, False), bool) for name in FLAGS):
        raise invalid(f"{', '.join(FLAGS)} must be true or false")
    asked = [name for name in (*MOVES, SKEW) if body.get(name) not in (None, "")]
    if not asked and not any(body.get(name) for name in FLAGS):
        raise invalid(f"one of {', '.join((*MOVES, *FLAGS, SKEW))} is required")
    if body.get("freeze") and body.get("resume"):
        raise invalid("freeze and resume are mutually exclusive")
    skew = float(decimal_of(body[SKEW], SKEW)) if SKEW in asked else None
    if skew is not None and not -MOST_SKEW <= skew <= MOST_SKEW:
        raise invalid(f"{SKEW} must be from -{MOST_SKEW} to {MOST_SKEW}")
    seconds = _seconds(body, now)
    if not 0 <= seconds <= LONGEST_ADVANCE:
        raise invalid(f"the clock moves forward by 0 to {LONGEST_ADVANCE} seconds")
    if body.get("freeze"):
        world.clock.freeze(now)
    world.clock.advance(dt.timedelta(seconds=seconds))
    if body.get("resume"):
        world.clock.resume()
    if skew is not None:
        _go_wrong(world, dt.timedelta(seconds=skew))
    _keep(world)


def _go_wrong(world: World, skew: dt.timedelta) -> None:
    """Let the clock be off by ``skew``; what is under way takes as long as it would have."""
    change = world.clock.go_wrong(skew)
    world.worked_at += change
    world.store.delay_due(change)


def _keep(world: World) -> None:
    """Write down where the clock stands, and let what is due by now happen soon."""
    frozen_at = world.clock.frozen_at
    world.save_setting("clock_offset", str(world.clock.offset.total_seconds()))
    world.save_setting("clock_skew", str(world.clock.skew.total_seconds()))
    world.save_setting("clock_frozen_at", frozen_at.isoformat() if frozen_at else "")
    world.store.on_sooner()


def _seconds(body: dict[str, Any], now: dt.datetime) -> float:
    """How far the body asks the clock to move."""
    target = body.get("advance_to") or body.get("set")
    if target:
        try:
            return (dt.datetime.fromisoformat(str(target)) - now).total_seconds()
        except (ValueError, TypeError, OverflowError) as error:
            raise invalid("advance_to and set must be RFC 3339 timestamps with an offset") from error
    if body.get("to_next_open"):
        return (trading_calendar.next_open(now) - now).total_seconds()
    return float(decimal_of(body.get("advance_seconds") or 0, "advance_seconds"))
