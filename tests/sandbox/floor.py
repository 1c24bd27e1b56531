"""A market whose prices a test sets, in front of the sandbox without sockets."""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pytest

from sandbox.prices.bars import Bar
from sandbox.prices.market import Quote
from tests.sandbox.in_process import Answer, InProcess
from tests.sandbox.people import application, trading_path
from tests.sandbox.process import START


class SetPrices:
    """Every symbol at one price, with a cent between bid and trade and between trade and ask."""

    def __init__(self, price: str) -> None:
        self.price = Decimal(price)

    def trade(self, symbol: str, at: dt.datetime) -> Decimal:
        return self.price

    def previous_close(self, symbol: str, at: dt.datetime) -> Decimal:
        return Decimal(100)

    def bars(self, *_: Any, **__: Any) -> list[Bar]:
        return []

    def quote(self, symbol: str, at: dt.datetime) -> Quote:
        cent = Decimal("0.01")
        return Quote(bid=self.price - cent, ask=self.price + cent, bid_size=100, ask_size=100)


class Floor:
    """One customer, the price of everything, and time that only moves when told."""

    def __init__(
        self, state: Path, cash: str = "10000", *, margin: bool = False,
        market: Literal["open", "real"] = "open", begin: dt.datetime = START,
    ) -> None:  # fmt: skip
        self.broker = InProcess(state, market, begin)
        self.prices = SetPrices("100")
        self.broker.world.prices = self.prices  # type: ignore[assignment]
        body = application()
        if margin:
            body["agreements"].append({**body["agreements"][0], "agreement": "margin_agreement"})
        self.account = self.broker.request("POST", "/v1/accounts", body).body["id"]
        for _ in ("approved", "active"):
            self.broker.advance(60)
        self.broker.request("POST", f"/_sandbox/accounts/{self.account}/deposit", {"amount": cash})

    def send(self, method: str, path: str, json: Any = None, **params: str) -> Answer:
        return self.broker.request(method, trading_path(self.account, path), json, params)

    def get(self, path: str, **params: str) -> Any:
        answer = self.send("GET", path, **params)
        assert answer.status == 200, answer
        return answer.body

    def place(self, **members: Any) -> Answer:
        body = {"symbol": "AAPL", "side": "buy", "type": "market", "time_in_force": "day", **members}
        return self.send("POST", "/orders", body)

    def order(self, **members: Any) -> dict[str, Any]:
        """An accepted order that has reached the venue."""
        answer = self.place(**members)
        assert answer.status == 200, answer
        self.broker.advance(1)
        return self.read(answer.body["id"])

    def read(self, order_id: str) -> dict[str, Any]:
        order: dict[str, Any] = self.get(f"/orders/{order_id}", nested="true")
        return order

    def hold(self, qty: str) -> None:
        """Buy shares."""
        assert self.order(qty=qty)["status"] == "filled"

    def price(self, price: str) -> None:
        """The next price; resting orders see it."""
        self.prices.price = Decimal(price)
        self.broker.advance(1)

    def balance(self, name: str) -> Decimal:
        return Decimal(self.get("/account")[name])


@pytest.fixture
def floor(tmp_path: Path) -> Iterator[Floor]:
    found = Floor(tmp_path / "state")
    yield found
    found.broker.stop()
