from typing import Any

import pytest

from tests.sandbox.people import apply, trading_path
from tests.sandbox_process import SandboxProcess


def create(sandbox: SandboxProcess, account_id: str, **body: Any) -> Any:
    return sandbox.request("POST", trading_path(account_id, "/watchlists"), json=body)


def symbols_of(watchlist: dict[str, Any]) -> list[str]:
    return [asset["symbol"] for asset in watchlist["assets"]]


def test_create_watchlist_keeps_the_order_of_known_symbols(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox)["id"]

    reply = create(sandbox, account_id, name="Big Tech", symbols=["MSFT", "AAPL", "msft"])

    watchlist = reply.json()
    assert (reply.status_code, watchlist["name"]) == (200, "Big Tech")
    assert symbols_of(watchlist) == ["MSFT", "AAPL"]
    listed = sandbox.get(trading_path(account_id, "/watchlists"))
    assert [entry["id"] for entry in listed] == [watchlist["id"]]
    assert "assets" not in listed[0]


@pytest.mark.parametrize("root", ["/v1/accounts/{}/watchlists", "/v1/trading/accounts/{}/watchlists"])
def test_watchlist_changes_on_both_paths(sandbox: SandboxProcess, root: str) -> None:
    account_id = apply(sandbox)["id"]
    path = f"{root.format(account_id)}/{create(sandbox, account_id, name='A').json()['id']}"

    assert symbols_of(sandbox.request("POST", path, json={"symbol": "AAPL"}).json()) == ["AAPL"]
    replaced = sandbox.request("PUT", path, json={"name": "B", "symbols": ["TSLA", "SPY"]}).json()
    assert (replaced["name"], symbols_of(replaced)) == ("B", ["TSLA", "SPY"])
    assert symbols_of(sandbox.request("DELETE", f"{path}/TSLA").json()) == ["SPY"]
    assert symbols_of(sandbox.get(path)) == ["SPY"]
    assert (sandbox.request("DELETE", path).content, sandbox.request("GET", path).status_code) == (b"", 404)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, "name is required"),
        ({"name": ""}, "name is invalid"),
        ({"name": "x" * 65}, "longer than 64"),
        ({"name": "Taken"}, "must be unique"),
        ({"name": "New", "symbols": ["NOSUCH"]}, 'asset "NOSUCH" not found'),
        ({"name": "New", "symbols": "AAPL"}, "list of strings"),
        ({"name": "New", "symbols": [1]}, "list of strings"),
    ],
)
def test_create_watchlist_refused(sandbox: SandboxProcess, body: dict[str, Any], words: str) -> None:
    account_id = apply(sandbox)["id"]
    create(sandbox, account_id, name="Taken")

    reply = create(sandbox, account_id, **body)

    assert reply.status_code == 422
    assert words in reply.json()["message"]
    assert len(sandbox.get(trading_path(account_id, "/watchlists"))) == 1


def test_add_symbol_that_is_unknown_or_there_already(sandbox: SandboxProcess) -> None:
    account_id = apply(sandbox)["id"]
    watchlist = create(sandbox, account_id, name="A", symbols=["AAPL"]).json()
    path = trading_path(account_id, f"/watchlists/{watchlist['id']}")

    assert sandbox.request("POST", path, json={"symbol": "NOSUCH"}).status_code == 404
    assert sandbox.request("POST", path, json={"symbol": "AAPL"}).status_code == 422
    assert sandbox.request("DELETE", f"{path}/TSLA").status_code == 404
    assert sandbox.get(path)["updated_at"] == watchlist["updated_at"]


def test_watchlist_of_another_account_is_not_found(sandbox: SandboxProcess) -> None:
    owner, stranger = apply(sandbox)["id"], apply(sandbox)["id"]
    watchlist_id = create(sandbox, owner, name="Mine").json()["id"]

    reply = sandbox.request("DELETE", trading_path(stranger, f"/watchlists/{watchlist_id}"))

    assert reply.status_code == 404
    assert len(sandbox.get(trading_path(owner, "/watchlists"))) == 1
