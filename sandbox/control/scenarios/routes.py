"""``/_sandbox/scenarios``: the console's scenarios as JSON. No authentication: it listens locally."""

import dataclasses
from typing import Any

# The scenarios register themselves.
from sandbox.control.scenarios import account, events, market, past  # noqa: F401
from sandbox.control.scenarios.catalogue import SCENARIOS, play
from sandbox.state.api import Call, endpoint, not_found


@endpoint("GET", "/_sandbox/scenarios")
def list_scenarios(call: Call) -> list[dict[str, Any]]:
    """Every scenario with its fields and their defaults."""
    return [
        {
            "name": each.name,
            "title": each.title,
            "hint": each.hint,
            "group": each.group,
            "of_account": each.of_account,
            "fields": [dataclasses.asdict(field) for field in each.fields],
        }
        for each in SCENARIOS.values()
    ]


@endpoint("POST", "/_sandbox/scenarios/{name}")
def play_scenario(call: Call) -> dict[str, Any]:
    """``{account_id, ...fields}``: do it, and say what was done. 422 when it cannot be."""
    name, body = call.params["name"], call.json_object() if call.body else {}
    if name not in SCENARIOS:
        raise not_found("scenario not found")
    account_id = str(body.get("account_id") or "")
    return {
        "scenario": name,
        "account_id": account_id.lower() or None,
        "result": play(call.world, name, account_id, body, call.now),
    }
