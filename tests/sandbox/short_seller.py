"""A customer who may sell short, in front of the sandbox without sockets."""

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.bookkeeping import check_books, read_books
from tests.sandbox.floor import Floor


@pytest.fixture
def seller(tmp_path: Path) -> Iterator[Floor]:
    """A customer with margin and 10,000 USD; everything is bid at 99.99, traded at 100, asked at 100.01."""
    found = Floor(tmp_path / "seller", margin=True)
    yield found
    found.broker.stop()


def go_short(floor: Floor, qty: str = "10") -> None:
    assert floor.order(side="sell", qty=qty)["status"] == "filled"


def cover(floor: Floor, **members: Any) -> dict[str, Any]:
    return floor.order(side="buy", **members)


def qty(floor: Floor) -> str:
    return str(floor.get("/positions/AAPL")["qty"])


def balances(floor: Floor, *names: str) -> list[str]:
    account = floor.get("/account")
    return [account[name] for name in names]


def amounts(floor: Floor, kind: str) -> list[dict[str, Any]]:
    answer = floor.broker.request("GET", "/v1/accounts/activities", params={"account_id": floor.account})
    return [row for row in answer.body if row["activity_type"] == kind]


def check_all(floor: Floor) -> None:
    books = read_books(floor.broker, [floor.account, floor.broker.firm_account_id])
    check_books(books, floor.broker, deposited=Decimal(10_000))
