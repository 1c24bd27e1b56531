from typing import Any

import pytest

from tests.sandbox_process import SandboxProcess

PATH = "/v1/corporate-actions"
QUARTER = {"start": "2026-01-01", "end": "2026-03-31"}


def listed(sandbox: SandboxProcess, **params: str) -> dict[str, Any]:
    return sandbox.get(PATH, params={**QUARTER, **params})


def test_actions_are_the_announcements_by_the_day_they_are_processed(sandbox: SandboxProcess) -> None:
    found = listed(sandbox, limit="1000")["corporate_actions"]

    dividends = found["cash_dividends"]
    days = [each["process_date"] for each in dividends]
    assert days == sorted(days)
    assert (days[0] >= "2026-01-01", days[-1] <= "2026-03-31") == (True, True)
    assert all(each["rate"] > 0 and each["ex_date"] < each["payable_date"] for each in dividends)
    announced = sandbox.get(f"/v1/corporate_actions/announcements/{dividends[0]['id']}")
    assert (announced["initiating_symbol"], announced["ex_date"]) == (
        dividends[0]["symbol"],
        dividends[0]["ex_date"],
    )
    for each in (*found.get("forward_splits", []), *found.get("reverse_splits", [])):
        assert each["new_rate"] != each["old_rate"]


def test_actions_by_symbol_and_type(sandbox: SandboxProcess) -> None:
    first = listed(sandbox)["corporate_actions"]["cash_dividends"][0]

    of_symbol = listed(sandbox, symbols=f"{first['symbol']},NONE")["corporate_actions"]
    splits = listed(sandbox, types="forward_split,reverse_split")["corporate_actions"]

    assert {each["symbol"] for found in of_symbol.values() for each in found} == {first["symbol"]}
    assert set(splits) <= {"forward_splits", "reverse_splits"}


def test_actions_by_page(sandbox: SandboxProcess) -> None:
    ids, token = [], ""
    for _ in range(3):
        page = listed(sandbox, limit="5", page_token=token)
        ids += [each["id"] for found in page["corporate_actions"].values() for each in found]
        token = page["next_page_token"]

    whole = listed(sandbox, limit="15")["corporate_actions"]
    assert sorted(ids) == sorted(each["id"] for found in whole.values() for each in found)
    assert len(set(ids)) == 15


@pytest.mark.parametrize(
    "params",
    [
        {"types": "party"},
        {"start": "2026-04-01"},
        {"start": "yesterday"},
        {"limit": "1001"},
        {"page_token": "x"},
        {"sort": "up"},
    ],
)
def test_bad_parameter_is_refused(sandbox: SandboxProcess, params: dict[str, str]) -> None:
    assert sandbox.request("GET", PATH, params={**QUARTER, **params}).status_code == 400
