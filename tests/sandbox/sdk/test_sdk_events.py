"""Alpaca's Python SDK against the running process: event streams."""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any

from alpaca.broker.client import BrokerClient
from alpaca.broker.requests import (
    GetEventsRequest,
)

from tests.sandbox.people import link_bank, reviewed_account, transfer
from tests.sandbox_process import SandboxProcess


def so_far(sdk: BrokerClient) -> GetEventsRequest:
    until = sdk.get_clock().timestamp.astimezone(dt.UTC) + dt.timedelta(milliseconds=50)
    return GetEventsRequest(since="2020-01-01", until=until.strftime("%Y-%m-%dT%H:%M:%S.%fZ"))


def about(events: Iterator[str], account_id: str) -> list[dict[str, Any]]:
    decoded = map(json.loads, events)
    return [event for event in decoded if event.get("account_id") == account_id]


def test_get_account_status_events(sdk: BrokerClient, sandbox: SandboxProcess) -> None:
    account_id = reviewed_account(sandbox)

    events = about(sdk.get_account_status_events(so_far(sdk)), account_id)

    assert [event["status_to"] for event in events] == ["SUBMITTED", "APPROVED", "ACTIVE"]


def test_get_trade_events(sdk: BrokerClient, holder_id: str) -> None:
    events = about(sdk.get_trade_events(so_far(sdk)), holder_id)

    assert events[-1]["event"] == "fill"
    assert [event["event_id"] for event in events] == sorted(event["event_id"] for event in events)


def test_get_journal_events(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    body = {"entry_type": "JNLC", "from_account": sandbox.firm_account_id, "amount": 1}
    journal = sandbox.request("POST", "/v1/journals", json={**body, "to_account": account_id}).json()

    events = [json.loads(event) for event in sdk.get_journal_events(so_far(sdk))]

    assert next(event["status_from"] for event in events if event["journal_id"] == journal["id"]) == ""


def test_get_transfer_events(sdk: BrokerClient, sandbox: SandboxProcess, account_id: str) -> None:
    transfer(sandbox, account_id, link_bank(sandbox, account_id))

    assert about(sdk.get_transfer_events(so_far(sdk)), account_id)[0]["status_to"] == "QUEUED"


def test_get_non_trading_activity_events(sdk: BrokerClient, account_id: str) -> None:
    [event] = about(sdk.get_non_trading_activity_events(so_far(sdk)), account_id)

    assert (event["entry_type"], event["net_amount"]) == ("CSD", 20000)
