"""What the ticket offers the broker takes, and what it does not offer the broker refuses: every combination.

Type, time in force, class, size, side and extended hours, through the form and the rules to the sandbox in
this process, at the hours that make a difference. So are the tables of coins and contracts, which have no
ticket yet.
"""

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from pathlib import Path
from typing import Any, Literal
from uuid import uuid4

import msgspec
import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.alpaca import models as alpaca
from sandbox.kernel.clock import NEW_YORK
from tests.sandbox.floor import Floor, SetPrices
from tests.sandbox.in_process import InProcess
from tests.sandbox.people import APPLICATION, application, crypto_members
from tests.sandbox.traders import contract
from trading import legality, payloads, rules
from trading.forms import choices
from trading.forms.ticket import TicketForm
from trading.legality import Choice, OrderRules, Situation, Size
from trading.models import Asset, MarketClock, Order, Quote
from trading.order_types import OrderClass, OrderType, Side, TimeInForce
from trading.rules import Facts

CASH, HELD = Decimal(1_000_000), Decimal(40)
AMOUNTS = {Size.WHOLE: "2", Size.FRACTION: "0.5", Size.DOLLARS: "50"}
PROFIT, LOSS = "110", "90"
SIGNED = APPLICATION["agreements"][:1]
CONTRACT_AGREEMENTS = ("customer_agreement", "options_agreement")


def new_york(day: int, hour: int, minute: int = 0) -> dt.datetime:
    """An instant of January 2027."""
    return dt.datetime(2027, 1, day, hour, minute, tzinfo=NEW_YORK).astimezone(dt.UTC)


OPEN, EVENING = new_york(4, 10, 30), new_york(4, 21)
HOURS = (
    ("shortly before the close", new_york(4, 15, 55)),
    ("late session", new_york(4, 17)),
    ("evening", EVENING),
    ("early session", new_york(5, 8)),
    ("weekend", new_york(9, 12)),
)


def every_choice(classes: Any = OrderClass) -> Iterator[Choice]:
    every = product(Side, OrderType, TimeInForce, classes, Size, (False, True))
    for side, kind, time, order_class, size, extended in every:
        yield Choice(str(side), str(kind), str(time), str(order_class), str(size), extended_hours=extended)


def prices(choice: Choice) -> dict[str, str]:
    """Prices that fit a market at $100, by the names of the columns."""
    is_buy = choice.side == Side.BUY
    found = {}
    if choice.order_class == OrderClass.OCO:
        found = {"limit_price": PROFIT}
    elif choice.type == OrderType.LIMIT:
        found = {"limit_price": "99" if is_buy else "101"}
    if choice.type in (OrderType.STOP, OrderType.STOP_LIMIT):
        found = {"stop_price": "105" if is_buy else "95"}
    if choice.type == OrderType.STOP_LIMIT:
        found["limit_price"] = "106" if is_buy else "94"
    if choice.type == OrderType.TRAILING_STOP:
        found = {"trail_price": "5"}
    return found


def body_of(symbol: str, choice: Choice) -> dict[str, Any]:
    """The request for a choice as it is, whether or not it can be one."""
    size = "notional" if choice.size == Size.DOLLARS else "qty"
    body: dict[str, Any] = {
        "symbol": symbol,
        "side": choice.side.lower(),
        "type": choice.type.lower(),
        "time_in_force": choice.time_in_force.lower(),
        "order_class": choice.order_class.lower(),
        "extended_hours": choice.extended_hours,
        size: AMOUNTS[Size(choice.size)],
        **prices(choice),
    }
    if choice.order_class != OrderClass.SIMPLE:
        body["take_profit"] = {"limit_price": PROFIT}
    if choice.order_class in (OrderClass.BRACKET, OrderClass.OCO):
        body["stop_loss"] = {"stop_price": LOSS}
    return body


def typed(choice: Choice) -> dict[str, str] | None:
    """What a person fills in for a choice; None for a pair of exits of another type, which cannot be said."""
    is_pair = choice.order_class == OrderClass.OCO
    if is_pair and choice.type != OrderType.LIMIT:
        return None
    found = {
        "side": choice.side,
        "type": choices.PAIR if is_pair else choice.type,
        "time_in_force": choice.time_in_force,
        "unit": choices.DOLLARS if choice.size == Size.DOLLARS else choices.SHARES,
        "amount": AMOUNTS[Size(choice.size)],
    }
    given = {} if is_pair else prices(choice)
    if "trail_price" in given:
        given = {"trail": given["trail_price"], "trail_unit": choices.DOLLARS}
    if choice.order_class != OrderClass.SIMPLE:
        given["take_profit_price"] = PROFIT
    if choice.order_class in (OrderClass.BRACKET, OrderClass.OCO):
        given["stop_loss_price"] = LOSS
    if choice.order_class in (OrderClass.BRACKET, OrderClass.OTO):
        given["exits"] = choices.BOTH if choice.order_class == OrderClass.BRACKET else choices.PROFIT
    return found | given | ({"extended_hours": "on"} if choice.extended_hours else {})


class Market(Floor):
    """The sandbox at its own hours, with an account that holds the shares of every symbol named."""

    def __init__(self, state: Path, *symbols: str, market: Literal["open", "real"] = "real") -> None:
        super().__init__(state, str(CASH), market=market, begin=OPEN)
        for symbol in symbols:
            self.hold_shares(symbol)

    def hold_shares(self, symbol: str) -> None:
        assert self.order(symbol=symbol, qty=str(HELD))["status"] == "filled"

    @property
    def now(self) -> dt.datetime:
        return self.broker.world.clock.now()

    def go_to(self, at: dt.datetime) -> None:
        self.broker.advance((at - self.now).total_seconds())

    def asset(self, symbol: str) -> Asset:
        told = alpaca.Asset.from_reply(self.broker.request("GET", f"/v1/assets/{symbol}").body, "")
        return payloads.asset_row(told, self.now)

    def clock(self) -> MarketClock:
        body = self.broker.request("GET", "/v1/clock").body
        times = {name: dt.datetime.fromisoformat(body[name]) for name in ("next_open", "next_close")}
        return MarketClock(is_open=body["is_open"], synced_at=self.now, **times)

    def facts(self, held: Decimal) -> Facts:
        account = BrokerageAccount(
            status=AccountStatus.ACTIVE, buying_power=CASH, cash=CASH, equity=CASH, multiplier=Decimal(1)
        )
        spread = {"bid": Decimal("99.99"), "ask": Decimal("100.01"), "last": Decimal(100)}
        quote = Quote(as_of=self.now, synced_at=self.now, **spread)
        return Facts(account, held, Decimal(0), quote, self.clock(), at=self.now)

    def takes(self, body: dict[str, Any]) -> bool:
        """Whether it accepts an order, which is then canceled."""
        answer = self.send("POST", "/orders", body)
        if answer.status == 200:
            assert self.send("DELETE", f"/orders/{answer.body['id']}").status == 204
        return answer.status == 200


def offered(asset: Asset, facts: Facts, choice: Choice) -> dict[str, Any] | None:
    """The request for what the ticket takes on; None if it refuses."""
    data = typed(choice)
    if data is None:
        return None
    form = TicketForm(data, asset=asset, situation=facts.situation(asset))
    if not form.is_valid():
        assert all(form.errors.values())
        return None
    ticket = form.ticket()
    assert ticket.choice == choice
    try:
        rules.check_can_trade(ticket, facts)
    except rules.TradeRefused:
        return None
    return payloads.order_request(Order(client_order_id=str(uuid4()), **ticket.columns())).body()


def test_ticket_offers_what_the_broker_takes(tmp_path: Path) -> None:
    market = Market(tmp_path / "state", "AAPL")
    asset, facts, found = market.asset("AAPL"), market.facts(HELD), []
    for choice in every_choice():
        body = offered(asset, facts, choice)
        if market.takes(body or body_of("AAPL", choice)) != (body is not None):
            found.append(("offered" if body else "not offered", choice))
    market.broker.stop()

    assert found == []


def table_disagreements(
    market: Market, symbol: str, situation: Situation, orders: OrderRules = legality.SHARES,
    classes: Any = OrderClass,
) -> list[tuple[list[str], Choice]]:  # fmt: skip
    """Where the table, by which the form and the rules decide, and the broker do not agree."""
    found = []
    for choice in every_choice(classes):
        conflicts = [each.words for each in orders.conflicts(choice, situation)]
        if choice.side == Side.SELL and not situation.holds:
            conflicts.append("nothing is held")
        if market.takes(body_of(symbol, choice)) == bool(conflicts):
            found.append((conflicts, choice))
    return found


def test_table_offers_what_the_broker_takes_at_every_hour(tmp_path: Path) -> None:
    market = Market(tmp_path / "state", "AAPL")
    found = []
    for hour, at in HOURS:
        market.go_to(at)
        situation = market.facts(HELD).situation(market.asset("AAPL"))
        assert bool(situation.shut) == (hour in ("shortly before the close", "late session"))
        wrong = table_disagreements(market, "AAPL", situation, classes=(OrderClass.SIMPLE, OrderClass.OCO))
        found += [(hour, *each) for each in wrong]
    market.broker.stop()

    assert found == []


OTHERS: Any = (
    ("NG", HELD, {}),  # whole shares only
    ("KO", HELD, {"exchange": "OTC"}),
    ("F", HELD, {"attributes": []}),  # no fractions outside regular hours
    ("MSFT", Decimal(0), {}),
)


@pytest.fixture(scope="module")
def market(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Market]:
    held = [symbol for symbol, qty, _ in OTHERS if qty]
    found = Market(tmp_path_factory.mktemp("offers") / "state", *held)
    yield found
    found.broker.stop()


@pytest.mark.parametrize(("symbol", "held", "members"), OTHERS)
def test_table_offers_what_the_broker_takes_of_other_assets(
    market: Market, monkeypatch: pytest.MonkeyPatch, symbol: str, held: Decimal, members: dict[str, Any]
) -> None:
    listed = market.broker.world._assets
    monkeypatch.setitem(listed, symbol, msgspec.structs.replace(listed[symbol], **members))

    situation = market.facts(held).situation(market.asset(symbol))
    simple = (OrderClass.SIMPLE, OrderClass.OCO)
    assert table_disagreements(market, symbol, situation, classes=simple) == []


class OtherClass(Market):
    """The same for an account that may trade coins and contracts."""

    def __init__(self, state: Path, members: dict[str, Any]) -> None:
        self.broker = InProcess(state, "real", OPEN)
        self.account = self.broker.request("POST", "/v1/accounts", application(**members)).body["id"]
        for _ in ("approved", "active"):
            self.broker.advance(60)
        self.broker.request("POST", f"/_sandbox/accounts/{self.account}/deposit", {"amount": str(CASH)})


def test_table_of_coins(tmp_path: Path) -> None:
    market = OtherClass(tmp_path / "state", crypto_members())
    market.broker.world.prices = SetPrices("100")  # type: ignore[assignment]
    bought = market.order(symbol="BTC/USD", qty=str(HELD), time_in_force="gtc")
    assert bought["status"] == "filled"

    assert table_disagreements(market, "BTC/USD", Situation(holds=True), legality.COINS) == []
    market.broker.stop()


@pytest.mark.parametrize("is_closed", [False, True])
def test_table_of_contracts(tmp_path: Path, is_closed: bool) -> None:
    signed = [{**agreement, "agreement": name} for name in CONTRACT_AGREEMENTS for agreement in SIGNED]
    market = OtherClass(tmp_path / "state", {"agreements": signed})
    wanted = {"level": 2, "fixtures": {"status": "APPROVED"}}
    market.broker.request("POST", f"/v1/accounts/{market.account}/options/approval", wanted)
    symbol = contract(market.broker, "F", "call", days=30)["symbol"]
    assert market.order(symbol=symbol, qty="10")["status"] == "filled"
    if is_closed:
        market.go_to(EVENING)

    situation = Situation(holds=True, is_closed=is_closed)
    assert table_disagreements(market, symbol, situation, legality.CONTRACTS) == []
    market.broker.stop()
