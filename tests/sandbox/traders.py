"""Accounts that trade options, for tests in one process whose clock stands still."""

import datetime as dt
from decimal import Decimal
from typing import Any

from tests.sandbox.in_process import Answer, InProcess
from tests.sandbox.people import application, trading_path

DAY = 86_400


class Trader:
    """An ACTIVE account with cash, approved for a level of options."""

    def __init__(
        self, broker: InProcess, *, level: int = 2, cash: str = "100000", margin: bool = False
    ) -> None:
        self.broker = broker
        body = application()
        names = ["options_agreement", *(["margin_agreement"] if margin else [])]
        body["agreements"] += [{**body["agreements"][0], "agreement": name} for name in names]
        self.id = self.ask("POST", "/v1/accounts", body)["id"]
        while self.ask("GET", f"/v1/accounts/{self.id}")["status"] != "ACTIVE":
            broker.advance(1)
        self.ask("POST", f"/_sandbox/accounts/{self.id}/deposit", {"amount": cash})
        if level:
            wanted = {"level": level, "fixtures": {"status": "APPROVED"}}
            self.ask("POST", f"/v1/accounts/{self.id}/options/approval", wanted)

    def send(self, method: str, path: str, body: Any = None, **params: str) -> Answer:
        """A call below the trading account, or an absolute one."""
        full = path if path.startswith(("/v", "/_")) else trading_path(self.id, f"/{path}")
        return self.broker.request(method, full, body, params)

    def ask(self, method: str, path: str, body: Any = None, **params: str) -> Any:
        """The body of a call that must succeed."""
        answer = self.send(method, path, body, **params)
        assert answer.status < 300, answer
        return answer.body

    def order(self, symbol: str, qty: int | str, side: str = "buy", /, **members: Any) -> Answer:
        body = {"symbol": symbol, "qty": str(qty), "side": side, "type": "market", "time_in_force": "day"}
        if "limit_price" in members:
            body["type"] = "limit"
        return self.send("POST", "orders", {**body, **members})

    def trade(self, symbol: str, qty: int | str, side: str = "buy", **members: Any) -> dict[str, Any]:
        """The order, filled."""
        answer = self.order(symbol, qty, side, **members)
        assert answer.status == 200, answer
        self.broker.advance(1)
        filled: dict[str, Any] = self.ask("GET", f"orders/{answer.body['id']}")
        assert filled["status"] == "filled", filled
        return filled

    def position(self, symbol: str) -> dict[str, Any] | None:
        answer = self.send("GET", f"positions/{symbol}")
        return answer.body if answer.status == 200 else None

    def held(self) -> dict[str, Decimal]:
        return {row["symbol"]: Decimal(row["qty"]) for row in self.ask("GET", "positions")}

    def amount(self, name: str) -> Decimal:
        return Decimal(self.ask("GET", "account")[name])

    def activities(self, *types: str) -> list[dict[str, Any]]:
        """Oldest first."""
        query = {"account_id": self.id, "direction": "asc"}
        if types:
            query["activity_types"] = ",".join(types)
        found: list[dict[str, Any]] = self.ask("GET", "/v1/accounts/activities", **query)
        return found


def contract(
    broker: InProcess, underlying: str, kind: str, *, moneyness: str = "1", days: int = 0
) -> dict[str, Any]:
    """The contract with the strike next to ``moneyness`` times the share's price, some days ahead."""
    now = dt.datetime.fromisoformat(broker.request("GET", "/_sandbox/clock").body["now"])
    after = (now + dt.timedelta(days=days)).date().isoformat()
    query = {"underlying_symbols": underlying, "type": kind, "expiration_date_gte": after, "limit": "10000"}
    listed = broker.request("GET", "/v1/options/contracts", params=query).body["option_contracts"]
    first = [row for row in listed if row["expiration_date"] == listed[0]["expiration_date"]]
    wanted = share_price(broker, underlying) * Decimal(moneyness)
    return min(first, key=lambda row: abs(Decimal(row["strike_price"]) - wanted))


def share_price(broker: InProcess, symbol: str) -> Decimal:
    answer = broker.request("GET", f"/v2/stocks/{symbol}/trades/latest")
    return Decimal(str(answer.body["trade"]["p"]))


def at_expiry(broker: InProcess, listed: dict[str, Any]) -> None:
    """Move the clock just past the last close of a contract."""
    close = dt.datetime.fromisoformat(f"{listed['expiration_date']}T16:00:00-05:00")
    now = dt.datetime.fromisoformat(broker.request("GET", "/_sandbox/clock").body["now"])
    broker.advance((close - now).total_seconds() + 1)
