"""What the console's forms do: the same as the JSON control routes, then back to the page."""

from typing import Any
from urllib.parse import parse_qs, urlencode

from sandbox.control import clock as control_clock
from sandbox.control import faults as control_faults
from sandbox.control.console.layout import CONSOLE
from sandbox.control.scenarios.catalogue import SCENARIOS, play
from sandbox.state.api import Call, Refusal, Reply, endpoint, forbidden, not_found

Answers = dict[str, list[str]]
MOVES: dict[str, dict[str, Any]] = {
    "hour": {"advance_seconds": 3_600},
    "day": {"advance_seconds": 86_400},
    "next_open": {"to_next_open": True},
    "freeze": {"freeze": True},
    "resume": {"resume": True},
}
WHOLE_FIELDS = ("times", "status")


@endpoint("POST", CONSOLE + "/scenarios/{name}")
def play_scenario(call: Call) -> Reply:
    answers, name = _answers(call), call.params["name"]
    if name not in SCENARIOS:
        raise not_found("scenario not found")
    many = {field.name for field in SCENARIOS[name].fields if field.many}
    options = {key: values if key in many else values[-1] for key, values in answers.items()}
    account_id = _one(answers, "account_id")
    return _attempt(call, answers, lambda: play(call.world, name, account_id, options, call.now))


@endpoint("POST", CONSOLE + "/clock")
def move_clock(call: Call) -> Reply:
    answers = _answers(call)
    wanted = MOVES.get(_one(answers, "move"), {"advance_to": _one(answers, "to")})

    def move() -> str:
        control_clock.move(call.world, wanted, call.now)
        return "The clock is set."

    return _attempt(call, answers, move)


@endpoint("POST", CONSOLE + "/faults")
def arm_fault(call: Call) -> Reply:
    answers = _answers(call)
    body: dict[str, Any] = {name: values[-1] for name, values in answers.items() if values[-1]}
    for name in WHOLE_FIELDS:
        if body.get(name, "").isdigit():
            body[name] = int(body[name])

    def arm() -> str:
        fault = control_faults.arm(call.world, body)
        return f"{fault.action} is armed for {fault.method} {fault.path}."

    return _attempt(call, answers, arm)


@endpoint("POST", CONSOLE + "/faults/disarm")
def disarm_fault(call: Call) -> Reply:
    """One by its ``id``, or all without."""
    answers = _answers(call)
    wanted = _one(answers, "id")
    for fault in call.world.faults.armed():
        if wanted in ("", fault.id):
            call.world.store.remove(fault)
    return _attempt(call, answers, lambda: "Disarmed.")


@endpoint("POST", CONSOLE + "/rate-limit")
def set_rate_limit(call: Call) -> Reply:
    answers = _answers(call)
    text = _one(answers, "requests_per_minute")

    def change() -> str:
        control_faults.change_rate_limit(call.world, int(text) if text.isdigit() else None)
        return "The rate limit is set."

    return _attempt(call, answers, change)


def _answers(call: Call) -> Answers:
    """The form's fields. Raises a 403 for a form of another site: the console asks for no password."""
    if call.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise forbidden("forms of other sites are not taken")
    return parse_qs(call.body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=200)


def _one(answers: Answers, name: str) -> str:
    return answers.get(name, [""])[-1].strip()


def _attempt(call: Call, answers: Answers, act: Any) -> Reply:
    """Do it, and go back to the page with what was done, or why not."""
    account = call.world.store.accounts.get(_one(answers, "account_id").lower())
    page = f"{CONSOLE}/accounts/{account.id}" if account else "/"
    try:
        said = {"done": act()}
    except Refusal as refusal:
        call.world.store.rollback()
        said = {"failed": str(refusal)}
    return Reply(303, headers={"location": f"{page}?{urlencode(said)}"})
