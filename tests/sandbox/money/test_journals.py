import datetime as dt
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from sandbox.books import ledger
from sandbox.money import journal_book
from sandbox.state import rows
from sandbox.state.api import Refusal
from sandbox.state.world import Settings, World
from tests.sandbox.people import apply, buy, open_account, trading_account, trading_path
from tests.sandbox.process import process_at
from tests.sandbox.streams.test_events import replay
from tests.sandbox_process import SandboxProcess, eventually

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def journal(sandbox: SandboxProcess, to_account: str, *, key: str = "", **members: Any) -> Any:
    parties = {"from_account": sandbox.firm_account_id, "to_account": to_account}
    body = {"entry_type": "JNLC", "amount": "10", **parties, **members}
    headers = {"Idempotency-Key": key} if key else {}
    return sandbox.request("POST", "/v1/journals", json=body, headers=headers)


def wait_for_journal(sandbox: SandboxProcess, journal_id: str, status: str) -> dict[str, Any]:
    def read() -> Any:
        found = sandbox.get(f"/v1/journals/{journal_id}")
        return found if found["status"] == status else None

    return eventually(read, what=f"journal {status}")


def test_journal_moves_cash_between_both_accounts(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    created = journal(sandbox, account_id, amount=12.5, description="welcome").json()

    assert (created["status"], created["net_amount"], created["symbol"], created["qty"]) == (
        "queued",
        "12.5",
        "",
        None,
    )
    executed = wait_for_journal(sandbox, created["id"], "executed")
    assert executed["settle_date"]
    assert trading_account(sandbox, account_id)["cash"] == "12.5"
    for owner, amount in ((account_id, "12.5"), (sandbox.firm_account_id, "-12.5")):
        found = sandbox.get("/v1/accounts/activities/JNLC", params={"account_id": owner})
        assert amount in [row["net_amount"] for row in found if created["id"] in row["description"]]


def test_journal_back_to_the_firm(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox, cash="30")

    created = journal(sandbox, sandbox.firm_account_id, from_account=account_id, amount="30")

    wait_for_journal(sandbox, created.json()["id"], "executed")
    assert trading_account(sandbox, account_id)["cash"] == "0"


def test_same_key_and_body_is_one_journal(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)

    first, second = (journal(sandbox, account_id, key="once-" + account_id).json() for _ in range(2))

    assert first["id"] == second["id"]
    wait_for_journal(sandbox, first["id"], "executed")
    assert trading_account(sandbox, account_id)["cash"] == "10"


def test_same_key_with_another_body_is_refused(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    journal(sandbox, account_id, key="twice-" + account_id)

    assert journal(sandbox, account_id, key="twice-" + account_id, amount="11").status_code == 422


def test_journal_above_the_limit_waits_and_can_be_canceled(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    created = journal(sandbox, account_id, amount="50.01").json()
    wait_for_journal(sandbox, created["id"], "pending")

    assert sandbox.request("DELETE", f"/v1/journals/{created['id']}").status_code == 204
    assert sandbox.get(f"/v1/journals/{created['id']}")["status"] == "canceled"
    assert sandbox.request("DELETE", f"/v1/journals/{created['id']}").status_code == 422


def test_pending_journal_executes_at_the_next_beginning_of_day(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with process_at(tmp_path_factory.mktemp("journals") / "state") as process:
        account_id = open_account(process)
        paid = journal(process, account_id, amount="100").json()["id"]
        refused = journal(
            process, account_id, amount="100", description="/fixtures/status=rejected/fixtures/"
        ).json()["id"]
        wait_for_journal(process, paid, "pending")
        wait_for_journal(process, refused, "pending")

        process.advance(5 * 86_400)

        wait_for_journal(process, paid, "executed")
        wait_for_journal(process, refused, "rejected")
        assert trading_account(process, account_id)["cash"] == "100"
        assert trading_account(process, process.firm_account_id)["cash"] == "49900"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"entry_type": "CASH"}, 400),
        ({"entry_type": "JNLS"}, 400),
        ({"entry_type": "JNLS", "amount": None, "symbol": "AAPL"}, 400),
        ({"entry_type": "JNLS", "amount": None, "symbol": "AAPL", "qty": "0"}, 400),
        ({"entry_type": "JNLS", "amount": None, "symbol": "AAPL", "qty": "0.0000000001"}, 400),
        ({"entry_type": "JNLS", "amount": None, "symbol": "NOSUCH", "qty": "1"}, 404),
        ({"entry_type": "JNLS", "amount": None, "symbol": "ZTS", "qty": "1"}, 403),
        ({"amount": None}, 400),
        ({"amount": "0"}, 400),
        ({"amount": "-1"}, 400),
        ({"amount": "x"}, 422),
        ({"from_account": None}, 400),
        ({"from_account": "firm"}, 422),
        ({"from_account": UNKNOWN}, 404),
        ({"amount": "1000000000"}, 403),
        ({"description": "x" * 1025}, 422),
        ({"symbol": "AAPL"}, 400),
    ],
)
def test_journal_with_invalid_value(sandbox: SandboxProcess, change: dict[str, Any], status: int) -> None:
    account_id = open_account(sandbox)

    assert journal(sandbox, account_id, **change).status_code == status


def test_journal_between_customers_or_to_an_inactive_account_is_refused(sandbox: SandboxProcess) -> None:
    first, second = open_account(sandbox, cash="10"), open_account(sandbox)
    waiting = apply(sandbox, additional_information="/fixtures/status=SUBMITTED/fixtures/")["id"]

    assert journal(sandbox, second, from_account=first).status_code == 403
    assert journal(sandbox, waiting).status_code == 403


def test_list_journals_by_account_and_status(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    created = journal(sandbox, account_id).json()
    wait_for_journal(sandbox, created["id"], "executed")

    def ids(**params: str) -> list[str]:
        return [row["id"] for row in sandbox.get("/v1/journals", params={"to_account": account_id, **params})]

    assert ids() == [created["id"]]
    assert ids(status="executed", entry_type="JNLC", after="2020-01-01") == [created["id"]]
    assert ids(status="pending") == []
    assert ids(before="2020-01-01") == []
    assert sandbox.request("GET", "/v1/journals", params={"status": "lost"}).status_code == 400


def batch(sandbox: SandboxProcess, way: str, entries: list[dict[str, Any]], **options: Any) -> Any:
    one = "from_account" if way == "batch" else "to_account"
    body = {"entry_type": "JNLC", one: sandbox.firm_account_id, "entries": entries}
    return sandbox.request("POST", f"/v1/journals/{way}", json=body, **options)


def test_batch_pays_many_accounts_once(sandbox: SandboxProcess) -> None:
    owners = [open_account(sandbox) for _ in range(2)]
    entries = [{"to_account": owner, "amount": "7.5", "description": "gift"} for owner in owners]
    headers = {"Idempotency-Key": "batch-" + owners[0]}

    first, second = (batch(sandbox, "batch", entries, headers=headers).json() for _ in range(2))

    assert [row["to_account"] for row in first] == owners
    assert [row["error_message"] for row in first] == ["", ""]
    assert [row["id"] for row in first] == [row["id"] for row in second]
    for row in first:
        wait_for_journal(sandbox, row["id"], "executed")
        assert trading_account(sandbox, row["to_account"])["cash"] == "7.5"
    events = replay(sandbox, "/v2/events/journals/status", since="2020-01-01", id=first[0]["id"])
    assert {event["idempotency_key_type"] for event in events} == {"batch"}
    refused = batch(sandbox, "batch", entries[:1], headers=headers)
    assert refused.status_code == 422


def test_batch_is_all_or_nothing(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    good = {"to_account": account_id, "amount": "1"}

    assert batch(sandbox, "batch", [good, {**good, "to_account": UNKNOWN}]).status_code == 404
    assert batch(sandbox, "batch", [good, {**good, "amount": "-1"}]).status_code == 400
    assert batch(sandbox, "batch", [good, {"amount": "1"}]).status_code == 400
    assert batch(sandbox, "batch", []).status_code == 400
    assert sandbox.get("/v1/journals", params={"to_account": account_id}) == []


def test_reverse_batch_collects_from_many_accounts(sandbox: SandboxProcess) -> None:
    owners = [open_account(sandbox, cash="5") for _ in range(2)]
    entries = [{"from_account": owner, "amount": 5} for owner in owners]

    made = batch(sandbox, "reverse_batch", entries).json()

    for row in made:
        wait_for_journal(sandbox, row["id"], "executed")
    assert [trading_account(sandbox, owner)["cash"] for owner in owners] == ["0", "0"]
    assert batch(sandbox, "reverse_batch", entries).status_code == 403


def test_securities_move_from_the_firm_with_their_price(sandbox: SandboxProcess) -> None:
    account_id = open_account(sandbox)
    buy(sandbox, sandbox.firm_account_id, symbol="F", qty="2")
    shares = {"entry_type": "JNLS", "symbol": "F", "qty": "0.5", "amount": None}

    made = journal(sandbox, account_id, **shares).json()

    assert (made["symbol"], made["qty"], "net_amount" in made) == ("F", "0.5", False)
    wait_for_journal(sandbox, made["id"], "executed")
    position = sandbox.get(trading_path(account_id, "/positions/F"))
    assert (position["qty"], position["avg_entry_price"]) == ("0.5", made["price"])
    held = sandbox.get(trading_path(sandbox.firm_account_id, "/positions/F"))
    assert (held["qty"], held["qty_available"]) == ("1.5", "1.5")
    booked = sandbox.get("/v1/accounts/activities/JNLS", params={"account_id": account_id})[0]
    assert (booked["symbol"], booked["qty"], booked["net_amount"]) == ("F", "0.5", "0")
    back = journal(sandbox, sandbox.firm_account_id, **{**shares, "from_account": account_id})
    assert back.status_code == 403


def test_correction_books_back_and_again() -> None:
    now = dt.datetime(2026, 3, 2, 15, tzinfo=dt.UTC)
    with tempfile.TemporaryDirectory() as folder:
        world = World(Settings(Path(folder)))
        customer = rows.Account(id="c", account_number="1", status="ACTIVE", created_at=now)
        world.store.add(customer)
        world.store.add(rows.Ledger(id="c"))
        first = rows.Journal(
            id="j", created_at=now, entry_type="JNLC", from_account=world.firm_id, to_account="c",
            status="sent_to_clearing", amount=Decimal(30),
        )  # fmt: skip
        world.store.add(first)
        ledger.open_ledger(world, world.firm_id, now).held = Decimal(30)
        journal_book.execute(world, first, now)

        second = journal_book.correct(world, first, Decimal("20.5"), now)

        assert (first.status, second.status) == ("correct", "executed")
        assert world.store.ledgers.rows["c"].cash == Decimal("20.5")
        assert world.store.ledgers.rows[world.firm_id].cash == Decimal("49979.5")
        assert sum(entry.net_amount for entry in world.store.entries.of("c")) == Decimal("20.5")
        with pytest.raises(Refusal):
            journal_book.undo(world, first, "canceled", now)
        world.store.close()
