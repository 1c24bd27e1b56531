"""The contract check itself, on replies made up for it. Needs ``BROKER_OPENAPI``."""

import json
from typing import Any

import pytest

from tests.sandbox.contract import Contract, ContractViolation, contract

ACCOUNT = "/v1/accounts/904837e3-3b76-47ec-b432-046db621571b"
CLOCK = {
    "timestamp": "2026-11-23T10:00:00-05:00",
    "is_open": True,
    "next_open": "2026-11-24T09:30:00-05:00",
    "next_close": "2026-11-23T16:00:00-05:00",
}


@pytest.fixture
def rules() -> Contract:
    found = contract()
    if found is None:
        pytest.skip("BROKER_OPENAPI is unset")
    return Contract(found.documents, has_data=found.has_data)


def check(
    rules: Contract, body: Any, *, method: str = "GET", path: str = "/v1/clock", status: int = 200
) -> None:
    rules.check(method, path, status, "application/json", json.dumps(body).encode())


def test_valid_reply_passes(rules: Contract) -> None:
    check(rules, CLOCK)

    assert rules.checked == 1


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"body": {**CLOCK, "is_open": "yes"}}, "is_open"),
        ({"body": {**CLOCK, "next_open": "tomorrow"}}, "next_open"),
        ({"body": CLOCK, "status": 201}, "status is not documented"),
        ({"body": {}, "path": "/v1/clocks"}, "path is not documented"),
        ({"body": {}, "method": "PUT", "path": ACCOUNT}, "method is not documented"),
        ({"body": {"error": "no"}, "path": ACCOUNT, "status": 422}, '"message" is a required property'),
        ({"body": {"code": "x", "message": "no"}, "path": ACCOUNT, "status": 422}, "code"),
    ],
)
def test_reply_that_differs_is_named(rules: Contract, changes: dict[str, Any], named: str) -> None:
    with pytest.raises(ContractViolation, match=named):
        check(rules, **changes)


def test_content_type_that_differs_is_named(rules: Contract) -> None:
    with pytest.raises(ContractViolation, match="content type 'text/html'"):
        rules.check("GET", "/v1/clock", 200, "text/html", b"<p>")


def test_event_that_differs_is_named(rules: Contract) -> None:
    stream = b': hello\n\ndata: {"event_id":"01F535Y1FVY8WZHE763HCNS8SZ"}\n\n'

    with pytest.raises(ContractViolation, match="journal_id"):
        rules.check("GET", "/v2/events/journals/status", 200, "text/event-stream", stream)
