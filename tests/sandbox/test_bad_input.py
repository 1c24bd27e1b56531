"""No request body may lead to a 500: every member of every body, replaced by every kind of value.

Straight into the application: there are eight thousand requests.
"""

import copy
from collections.abc import Iterator
from typing import Any

import pytest

from tests.sandbox.in_process import InProcess
from tests.sandbox.people import BANK, application, trading_path

ODD_VALUES: list[Any] = [
    None, True, 0, -1, 0.5, 1e300, 10**30, "", "x", "x" * 5000, "\x00", "é", "NaN", "1e5", [], {}, [None],
    [[]], {"a": 1}, "9999-12-31", "0001-01-01T00:00:00Z", "2026-02-30", "/fixtures/status=NOWHERE/fixtures/",
]  # fmt: skip
ODD_QUERIES = [
    "x",
    "-1",
    "0",
    "9999-12-31",
    "0001-01-01",
    "9999-12-31T23:59:59+23:59",
    "\x00",
    "é",
    "1" * 40,
    "[]",
]


def paths_of(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, member in members:
        yield (*path, name)
        yield from paths_of(member, (*path, name))


def spoiled(body: Any) -> Iterator[Any]:
    yield from ODD_VALUES
    for path in paths_of(body):
        for odd in ODD_VALUES:
            changed = copy.deepcopy(body)
            target = changed
            for name in path[:-1]:
                target = target[name]
            target[path[-1]] = odd
            yield changed


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[InProcess]:
    broker = InProcess(tmp_path_factory.mktemp("odd") / "state")
    yield broker
    broker.stop()


@pytest.fixture
def account_id(broker: InProcess) -> str:
    account_id = broker.request("POST", "/v1/accounts", application()).body["id"]
    broker.request("POST", f"/_sandbox/accounts/{account_id}/status", {"status": "ACTIVE"})
    broker.request("POST", f"/_sandbox/accounts/{account_id}/deposit", {"amount": "100000"})
    return str(account_id)


@pytest.fixture
def link_id(broker: InProcess, account_id: str, request: pytest.FixtureRequest) -> str:
    """Of a bank, save where a first one is to be linked."""
    if request.node.callspec.params["name"] == "bank":
        return ""
    link = broker.request("POST", f"/v1/accounts/{account_id}/ach_relationships", BANK).body
    broker.advance(60)
    return str(link["id"])


@pytest.fixture
def targets(broker: InProcess, account_id: str, link_id: str) -> dict[str, tuple[str, str, Any]]:
    person = application()
    person["trading_configurations"] = {"suspend_trade": False, "max_margin_multiplier": "1"}
    person["identity"] |= {"visa_type": "H1B", "visa_expiration_date": "2030-01-01", "middle_name": "M"}
    person["disclosures"]["context"] = [{"context_type": "CONTROLLED_FIRM"}]
    order = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "limit", "limit_price": "1"}
    document = {
        "document_type": "other",
        "document_sub_type": "x",
        "mime_type": "image/png",
        "content": "eA==",
    }
    transfer = {"transfer_type": "ach", "relationship_id": link_id, "amount": "1", "direction": "INCOMING"}
    journal = {"entry_type": "JNLC", "from_account": broker.firm_account_id, "to_account": account_id}
    own = f"/v1/accounts/{account_id}"
    return {
        "account": ("POST", "/v1/accounts", person),
        "patch": ("PATCH", own, {"contact": {"city": "Fresno"}, "risk_tolerance": "moderate"}),
        "documents": ("POST", f"{own}/documents/upload", [document]),
        "bank": ("POST", f"{own}/ach_relationships", {**BANK, "nickname": "n"}),
        "transfer": (
            "POST",
            f"{own}/transfers",
            {**transfer, "additional_information": "", "fee_payment_method": "invoice"},
        ),
        "journal": (
            "POST",
            "/v1/journals",
            {**journal, "amount": "0.01", "description": "d", "currency": "USD"},
        ),
        "order": (
            "POST",
            trading_path(account_id, "/orders"),
            {**order, "time_in_force": "day", "client_order_id": "c", "subtag": "s"},
        ),
        "configuration": (
            "PATCH",
            trading_path(account_id, "/account/configurations"),
            {"suspend_trade": False},
        ),
    }


@pytest.mark.parametrize(
    "name", ["account", "patch", "documents", "bank", "transfer", "journal", "order", "configuration"]
)
def test_no_body_makes_a_500(broker: InProcess, targets: dict[str, tuple[str, str, Any]], name: str) -> None:
    method, path, body = targets[name]
    assert broker.request(method, path, body).status < 300, "unspoiled it is taken"
    failures = []

    for changed in spoiled(body):
        answer = broker.request(method, path, changed)
        if answer.status >= 500 or (answer.status >= 400 and not answer.body.keys() >= {"code", "message"}):
            failures.append((changed, answer))

    assert failures == []


LISTS = """
    /v1/accounts /v1/accounts/{id} /v1/accounts/{id}/transfers /v1/accounts/{id}/ach_relationships
    /v1/accounts/{id}/documents /v1/accounts/activities /v1/journals /v1/assets /v1/calendar /v2/calendar/NYSE
    /v1/trading/accounts/{id}/orders /v1/trading/accounts/{id}/orders:by_client_order_id
    /v1/trading/accounts/{id}/account /v1/trading/accounts/{id}/positions /v2/stocks/snapshots
    /v2/stocks/AAPL/bars /_sandbox/calls
"""
PARAMETERS = """
    query created_after created_before status sort entities limit offset direction statuses start end type
    account_id activity_types category order_id date after until page_size page_token from_account entry_type
    asset_class exchange date_type nested symbols side client_order_id timeframe all
"""


@pytest.mark.parametrize("path", LISTS.split())
def test_no_query_makes_a_500(broker: InProcess, account_id: str, path: str) -> None:
    usual = {
        "timeframe": "1Day",
        "symbols": "AAPL",
        "start": "2026-09-01",
        "end": "2026-09-02",
        "exchange": "AMEX",
    }
    odd = [{**usual, name: value} for name in PARAMETERS.split() for value in ODD_QUERIES]

    answers = [(query, broker.request("GET", path.format(id=account_id), params=query)) for query in odd]

    assert [(query, answer) for query, answer in answers if answer.status >= 500] == []
