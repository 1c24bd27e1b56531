"""What we hand to the broker's support about calls: Request IDs, times, what we expected and what came.

Nothing personal is in it: paths are templates, the broker's texts were scrubbed when they were recorded, and
what staff add is scrubbed here. Accounts and rows stand there by the ids that the broker knows.
"""

import json
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model

from brokerapp.broker.alpaca.scrub import scrub
from brokerapp.broker.calls.models import SENDING, ApiCall

MOST = 200
"""Calls in one handout; the newest."""
THEIR_IDS = (
    "broker_account_id",
    "client_order_id",
    "broker_order_id",
    "broker_transfer_id",
    "relationship_id",
)
"""Columns of our rows by which the broker finds its own."""
WE_EXPECTED = {
    "READ": "a 2xx reply with what was asked for",
    "WRITE": "a 2xx reply, or a 4xx that says what is wrong",
}
CAME = {
    ApiCall.Outcome.OK: "done, as far as we can tell",
    ApiCall.Outcome.NOT_DONE: "refused or not done",
    ApiCall.Outcome.UNKNOWN: "no reply that says whether it was done",
    ApiCall.Outcome.IN_FLIGHT: "no reply was recorded: our process ended, or the call is under way",
}


def facts_of(call: Any) -> dict[str, Any]:
    """One call (a row of the log, or a copy), as the broker's support needs it; empty values left out."""
    account_id = getattr(call, "account_id", None)
    writes = call.method in (*SENDING, "DELETE", "PUT")
    found = {
        "request_id": call.request_id,
        "our_call_id": str(call.call_id),
        "attempt": call.attempt,
        "sent_at": _utc(call.started_at),
        "answered_at": _utc(getattr(call, "finished_at", None)),
        "milliseconds": call.milliseconds,
        "method": call.method,
        "path": call.path,
        "account_id": str(account_id) if account_id else "",
        "expected": WE_EXPECTED["WRITE" if writes else "READ"],
        "came": CAME[ApiCall.Outcome(call.outcome)],
        "http_status": call.http_status,
        "error_code": call.error_code,
        "error_message": call.error_message,
    }
    return {name: value for name, value in found.items() if value not in (None, "")}


def facts_of_row(row: Model) -> dict[str, str]:
    """The row that the calls were about: the broker's ids of it, and where it stands with us and there."""
    found = {"what": str(row._meta.verbose_name)}
    for name in (*THEIR_IDS, "status", "broker_status"):
        if value := getattr(row, name, None):
            found["status_with_us" if name == "status" else name] = str(value)
    account = getattr(row, "account", None)
    if account is not None and "broker_account_id" not in found:
        found["broker_account_id"] = str(account.broker_account_id)
    return found


def document(
    calls: Iterable[Any],
    *,
    row: Model | None = None,
    expected: str = "",
    reference: str = "",
    now: datetime,
) -> dict[str, Any]:
    """A handout as data. `expected` is what staff say went wrong, scrubbed; `reference` our case's number."""
    found: dict[str, Any] = {"made_at": _utc(now)}
    if reference:
        found["our_reference"] = reference
    if said := scrub(expected.strip()):
        found["what_we_expected"] = said
    if row is not None:
        found["about"] = facts_of_row(row)
    return found | {"calls": [facts_of(call) for call in calls]}


def as_json(found: dict[str, Any]) -> str:
    """A handout as JSON, to attach."""
    return json.dumps(found, indent=2)


def as_text(found: dict[str, Any]) -> str:
    """A handout as plain text, to paste into a message."""
    lines = [f"{_label(name)}: {value}" for name, value in found.items() if isinstance(value, str)]
    if about := found.get("about"):
        lines += ["", "About", *(f"  {_label(name)}: {value}" for name, value in about.items())]
    for number, call in enumerate(found["calls"], 1):
        head = call.get("request_id") or f"(no Request ID; our call id {call['our_call_id']})"
        lines += ["", f"{number}. {head}"]
        lines += [f"  {_label(name)}: {value}" for name, value in call.items() if name != "request_id"]
    return "\n".join(lines) + "\n"


def _label(name: str) -> str:
    return name.replace("_", " ").capitalize().replace(" id", " ID").replace("Http", "HTTP")


def _utc(at: datetime | None) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%f}"[:-3] + "Z" if at else ""
