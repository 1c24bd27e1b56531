"""``/_sandbox/faults`` and ``/_sandbox/rate-limit``. No authentication: it listens locally."""

import re
from typing import Any

import msgspec

from sandbox.state import rows
from sandbox.state.api import NO_CONTENT, Call, Reply, decimal_of, endpoint, invalid, not_found, uuid_of
from sandbox.state.faults import ACTIONS, STREAM_ACTIONS
from sandbox.state.world import World

MOST_ARMED = 200
MOST_REQUESTS = 1_000_000_000
DEFAULT_STATUS = 500


@endpoint("GET", "/_sandbox/faults")
def list_faults(call: Call) -> list[Any]:
    return [fault_view(fault) for fault in call.world.faults.armed()]


@endpoint("POST", "/_sandbox/faults")
def arm_fault(call: Call) -> dict[str, Any]:
    """``{action, method, path, times, rate, status, seconds, message, account_id, seed}``: all but the
    action optional. ``times`` is 1, or without end when there is a rate. See ``ACTIONS`` in the README."""
    return fault_view(arm(call.world, call.json_object()))


@endpoint("DELETE", "/_sandbox/faults")
def clear_faults(call: Call) -> Reply:
    for fault in call.world.faults.armed():
        call.world.store.remove(fault)
    return NO_CONTENT


@endpoint("DELETE", "/_sandbox/faults/{fault_id}")
def disarm_fault(call: Call) -> Reply:
    fault = call.world.store.faults.get(call.params["fault_id"])
    if fault is None:
        raise not_found("fault not found")
    call.world.store.remove(fault)
    return NO_CONTENT


@endpoint("GET", "/_sandbox/rate-limit")
def show_rate_limit(call: Call) -> dict[str, int]:
    rate = call.world.rate
    return {"requests_per_minute": rate.limit, "remaining": rate.remaining, "reset": rate.reset}


@endpoint("POST", "/_sandbox/rate-limit")
def set_rate_limit(call: Call) -> dict[str, int]:
    """``{requests_per_minute}``: from now on, over restarts too; 0 refuses every call."""
    change_rate_limit(call.world, call.json_object().get("requests_per_minute"))
    return show_rate_limit(call)


@endpoint("DELETE", "/_sandbox/rate-limit")
def reset_rate_limit(call: Call) -> dict[str, int]:
    """Back to the budget of the command line."""
    call.world.save_setting("rate_limit", "")
    call.world.rate.limit = call.world.settings.rate_limit
    return show_rate_limit(call)


def arm(world: World, body: dict[str, Any]) -> rows.Fault:
    """Check and arm a fault. Raises a 422."""
    fault = world.faults.arm(read_fault(body))
    if len(world.faults.armed()) > MOST_ARMED:
        raise invalid(f"no more than {MOST_ARMED} faults can be armed")
    if fault.action in STREAM_ACTIONS:
        world.feed.notify()  # it strikes open streams too
    return fault


def change_rate_limit(world: World, limit: Any) -> None:
    """Requests a minute from now on. Raises a 422."""
    if not _is_whole(limit, 0, MOST_REQUESTS):
        raise invalid(f"requests_per_minute must be a whole number from 0 to {MOST_REQUESTS}")
    world.save_setting("rate_limit", str(limit))
    world.rate.limit = limit


def read_fault(body: dict[str, Any]) -> rows.Fault:
    """A checked fault, not armed yet. Raises a 422."""
    action, status = body.get("action"), body.get("status", DEFAULT_STATUS)
    if action not in ACTIONS:
        raise invalid(f"action must be one of {', '.join(ACTIONS)}")
    rate = body.get("rate")
    if rate is not None:
        rate = float(decimal_of(rate, "rate"))
        if not 0 < rate <= 1:
            raise invalid("rate must be above 0 and at most 1")
    times = body.get("times", 1 if rate is None else None)
    if times is not None and not _is_whole(times, 1, 1_000_000):
        raise invalid("times must be from 1 to 1000000")
    if not _is_whole(status, 400, 599):
        raise invalid("status must be from 400 to 599")
    seconds = float(decimal_of(body.get("seconds", 0), "seconds"))
    if not 0 <= seconds <= 600:
        raise invalid("seconds must be from 0 to 600")
    seed = body.get("seed")
    if seed is not None and not _is_whole(seed, -(2**53), 2**53):
        raise invalid("seed must be a whole number")
    return rows.Fault(
        id="",
        action=action,
        method=_word(body, "method", r"[A-Za-z]{1,10}|\*").upper(),
        path=_word(body, "path", r"[!-~]{1,300}"),
        times=times,
        rate=rate,
        status=status,
        seconds=seconds,
        message=str(body.get("message") or "")[:500],
        account_id=uuid_of(str(body["account_id"])) if body.get("account_id") else "",
        seed=seed,
    )


def fault_view(fault: rows.Fault) -> dict[str, Any]:
    view = {name: getattr(fault, name) for name in fault.__struct_fields__}
    return {**msgspec.to_builtins(view), "id": int(fault.id)}


def _word(body: dict[str, Any], name: str, pattern: str) -> str:
    text = str(body.get(name) or "*")
    if not re.fullmatch(pattern, text):
        raise invalid(f"invalid {name}")
    return text


def _is_whole(value: Any, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
