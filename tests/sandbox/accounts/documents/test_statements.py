import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests

from tests.sandbox.people import buy, open_account, open_crypto_account, order, trading_path, wait_for_order
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="module")
def later(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """A process of its own: these tests move its clock by months."""
    with process_at(tmp_path_factory.mktemp("statements") / "state") as process:
        yield process


@pytest.fixture(scope="module")
def account_id(later: SandboxProcess) -> str:
    """An account with a purchase and a sale on one day, two months ago."""
    account_id = open_account(later, cash="10000")
    buy(later, account_id, qty="3")
    wait_for_order(later, account_id, order(later, account_id, qty="1", side="sell").json()["id"], "filled")
    later.advance(66 * 86_400)
    return account_id


def issued(sandbox: SandboxProcess, account_id: str, kind: str) -> list[dict[str, Any]]:
    return sandbox.get(f"/v1/accounts/{account_id}/documents", params={"type": kind})


def open_document(sandbox: SandboxProcess, account_id: str, document_id: str, **headers: str) -> Any:
    """The reply to the link, opened without credentials."""
    path = f"/v1/accounts/{account_id}/documents/{document_id}/download"
    reply = sandbox.request("GET", path, headers=headers, allow_redirects=False)
    assert (reply.status_code, reply.content) == (301, b"")
    return requests.get(reply.headers["location"], timeout=10)


def test_nothing_is_issued_before_the_day_is_over(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="1000")
    buy(sandbox, account_id, qty="1")

    documents = sandbox.get(f"/v1/accounts/{account_id}/documents")

    assert [document["type"] for document in documents] == ["account_application"]


def test_monthly_statement_adds_up(later: SandboxProcess, account_id: str) -> None:
    statement = issued(later, account_id, "account_statement")[0]

    reply = open_document(later, account_id, statement["id"], Accept="application/json")

    contents = reply.json()
    fills = [entry for entry in contents["activities"] if entry["activity_type"] == "FILL"]
    moved = sum(
        (Decimal(fill["qty"]) * Decimal(fill["price"]) * (1 if fill["side"] == "sell" else -1))
        for fill in fills
    )
    assert (contents["opening_cash"], len(fills)) == ("0", 2)
    assert Decimal(contents["closing_cash"]) == 10000 + moved.quantize(Decimal("0.01"))
    assert [(each["symbol"], each["qty"]) for each in contents["positions"]] == [("AAPL", "2")]
    worth = Decimal(contents["positions"][0]["market_value"])
    assert Decimal(contents["closing_equity"]) == Decimal(contents["closing_cash"]) + worth


def test_statement_dates_are_ends_of_months_past(later: SandboxProcess, account_id: str) -> None:
    dates = [dt.date.fromisoformat(each["date"]) for each in issued(later, account_id, "account_statement")]

    assert dates == sorted(dates)
    assert all((date + dt.timedelta(days=1)).day == 1 for date in dates)
    assert dates[-1] < dt.date.fromisoformat(later.info()["now"][:10])


@pytest.mark.parametrize("kind", ["account_statement", "trade_confirmation", "account_application"])
def test_document_is_a_pdf(later: SandboxProcess, account_id: str, kind: str) -> None:
    document = issued(later, account_id, kind)[0]

    reply = open_document(later, account_id, document["id"])

    assert reply.headers["content-type"] == "application/pdf"
    assert reply.content.startswith(b"%PDF-")
    assert reply.content.rstrip().endswith(b"%%EOF")


def test_trade_confirmation_lists_the_executions_of_its_date(later: SandboxProcess, account_id: str) -> None:
    [document] = issued(later, account_id, "trade_confirmation_json")

    trades = open_document(later, account_id, document["id"]).json()["trades"]

    assert [(trade["side"], trade["qty"]) for trade in trades] == [("buy", "3"), ("sell", "1")]
    fills = later.get("/v1/accounts/activities/FILL", params={"account_id": account_id, "direction": "asc"})
    assert [trade["price"] for trade in trades] == [fill["price"] for fill in fills]
    traded_at = dt.datetime.fromisoformat(fills[0]["transaction_time"])
    assert document["date"] == traded_at.astimezone(ZoneInfo("America/New_York")).date().isoformat()


def test_link_altered_or_too_old_is_refused(later: SandboxProcess, account_id: str) -> None:
    document = issued(later, account_id, "account_application")[0]
    path = f"/v1/accounts/{account_id}/documents/{document['id']}/download"
    link = later.request("GET", path, allow_redirects=False).headers["location"]

    assert requests.get(link.replace("format=", "format=json"), timeout=10).status_code == 403
    assert requests.get(link.replace("expires=", "expires=9"), timeout=10).status_code == 403
    assert requests.get(urlsplit(link)._replace(query="").geturl(), timeout=10).status_code == 403
    assert requests.get(link, timeout=10).status_code == 200
    later.advance(901)
    assert requests.get(link, timeout=10).status_code == 403


def test_document_of_another_account(later: SandboxProcess, account_id: str) -> None:
    document = issued(later, account_id, "account_statement")[0]
    stranger = open_account(later)

    reply = later.request("GET", f"/v1/accounts/{stranger}/documents/{document['id']}/download")

    assert reply.status_code == 404


def test_statement_counts_shares_of_a_split(later: SandboxProcess) -> None:
    account_id = open_account(later, cash="2000")
    buy(later, account_id, qty="4")
    split = later.request(
        "POST", "/_sandbox/scenarios/split", json={"account_id": account_id, "symbol": "AAPL", "ratio": "2"}
    )
    later.advance(66 * 86_400)

    statement = issued(later, account_id, "account_statement")[-1]
    contents = open_document(later, account_id, statement["id"], Accept="application/json").json()

    assert split.status_code < 300, split.text
    held = later.get(f"/v1/trading/accounts/{account_id}/positions")
    assert [each["qty"] for each in contents["positions"]] == [each["qty"] for each in held]
    assert held[0]["qty"] == "8"


def test_a_statement_counts_coins_and_their_fees(later: SandboxProcess) -> None:
    account_id = open_crypto_account(later, cash="5000")
    buy(later, account_id, symbol="DOGE/USD", qty="1000", time_in_force="gtc")
    sale = {"symbol": "DOGE/USD", "side": "sell", "qty": "400", "time_in_force": "gtc"}
    buy(later, account_id, **sale)
    now = dt.datetime.fromisoformat(later.info()["now"])
    later.advance(66 * 86_400)

    statement = next(
        each for each in issued(later, account_id, "account_statement") if each["date"] >= f"{now:%Y-%m-%d}"
    )
    contents = open_document(later, account_id, statement["id"], Accept="application/json").json()

    assert [(each["symbol"], each["qty"]) for each in contents["positions"]] == [("DOGE/USD", "597.5")]
    cash = later.get(trading_path(account_id, "/account"))["cash"]
    assert contents["closing_cash"] == cash
    fees = [each for each in contents["activities"] if each["activity_type"] == "CFEE"]
    assert [each.get("qty") for each in fees] == ["-2.5", None]


def test_tax_form_of_a_year_comes_in_the_middle_of_february(tmp_path: Path) -> None:
    begin = dt.datetime(2026, 12, 1, 15, tzinfo=dt.UTC)
    with process_at(tmp_path / "state", begin) as process:
        account_id = open_account(process, cash="10000")
        buy(process, account_id, qty="2")
        sold = order(process, account_id, qty="1", side="sell").json()
        wait_for_order(process, account_id, sold["id"], "filled")
        process.advance(75 * 86_400)  # 14 February
        assert not issued(process, account_id, "tax_statement")

        process.advance(86_400)
        (form,) = issued(process, account_id, "tax_statement")

        assert (form["sub_type"], form["date"]) == ("1099-Comp", "2026-12-31")
        assert open_document(process, account_id, form["id"]).content.startswith(b"%PDF-")
