"""People who order, change and cancel at random, on a machine whose calls and processes fail."""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from uuid import uuid4

import pytest
import requests
from django.db.models import QuerySet
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.services import sync_activities
from brokerapp.broker.alpaca.errors import BrokerError
from brokerapp.broker.alpaca.stream import Event, read_events
from brokerapp.broker.calls.recorder import ApiCallRecorder
from brokerapp.broker.clients import get_client
from brokerapp.workflow import following, writes
from tests.sandbox_process import SandboxProcess
from trading import changes, rules
from trading.models import Asset, Order
from trading.order_spec import OrderSpec
from trading.order_types import OrderClass, OrderType, Side, TimeInForce
from trading.services import corporate_actions, events, orders, portfolio, sweeps
from trading.statuses import UNSETTLED

SYMBOLS = ("AAPL", "MSFT", "SPY")
LATER = timedelta(minutes=10)
MUCH_LATER = timedelta(days=200)
"""When no order of before is under way any more, whatever its time in force."""
CENT = Decimal("0.01")
FAULTS = (
    ("drop_reply", {"rate": 0.04}),
    ("refuse", {"rate": 0.03}),
    ("status", {"rate": 0.02, "status": 500}),
    ("malformed", {"rate": 0.02}),
)
"""The broker acts and the reply is lost; the connection breaks before; it fails; half of the reply comes."""
NEARNESS = ("0.5", "0.9", "0.99", "1", "1.01", "1.1")
"""Prices below, at and above the market: what rests and what fills."""


class Killed(BaseException):
    """The process ends here, whatever it is doing."""


class Killer:
    """Ends the process at one of the moments between a wish and its outcome, as `kill -9` does.

    What is written after that moment is not: transactions that are open are rolled back, and the call log
    is not told how the call ended.
    """

    MOMENTS = ("unclaimed", "claimed", "recorded", "called", "applied", "concluded")

    def __init__(self, patch: pytest.MonkeyPatch, dice: random.Random) -> None:
        self.dice, self.moment, self.deaths = dice, "", Counter[str]()
        self._around(patch, writes, "claim", before="unclaimed", after="claimed")
        self._around(patch, following, "apply", after="applied")
        self._around(patch, writes, "conclude", before="concluded")
        finish = ApiCallRecorder.finish
        patch.setattr(
            ApiCallRecorder, "finish", lambda *args: None if self.moment == "dead" else finish(*args)
        )
        send = requests.adapters.HTTPAdapter.send

        def send_or_die(adapter: Any, request: Any, **options: Any) -> Any:
            is_write = request.method != "GET" and "/v1/trading/" in (request.url or "")
            self.reach("recorded" if is_write else "")
            reply = send(adapter, request, **options)
            self.reach("called" if is_write else "")
            return reply

        patch.setattr(requests.adapters.HTTPAdapter, "send", send_or_die)

    def _around(
        self, patch: pytest.MonkeyPatch, module: Any, name: str, before: str = "", after: str = ""
    ) -> None:
        real = getattr(module, name)

        def call(*args: Any, **options: Any) -> Any:
            self.reach(before)
            result = real(*args, **options)
            self.reach(after)
            return result

        patch.setattr(module, name, call)

    def reach(self, moment: str) -> None:
        """Die if this is the moment."""
        if moment and moment == self.moment:
            self.deaths[moment] += 1
            self.moment = "dead"
            raise Killed

    @contextmanager
    def at_large(self, share: float) -> Iterator[None]:
        """Within this the process dies now and then."""
        self.moment = self.dice.choice(self.MOMENTS) if self.dice.random() < share else ""
        try:
            yield
        except Killed:
            pass
        finally:
            self.moment = ""


@dataclass
class Trader:
    """One account, and what it did: `asked` are the ids under which something was to be placed or changed."""

    sandbox: SandboxProcess
    account: BrokerageAccount
    dice: random.Random
    killer: Killer
    deposited: Decimal
    asked: list[str] = field(default_factory=list)
    done: Counter[str] = field(default_factory=Counter)
    heard_until: datetime = datetime(2020, 1, 1, tzinfo=UTC)

    def __post_init__(self) -> None:
        self.path = f"/v1/trading/accounts/{self.account.broker_account_id}"
        self.assets = {asset.symbol: asset for asset in Asset.objects.filter(symbol__in=SYMBOLS)}

    def arm_faults(self) -> None:
        """From now on calls about this account's orders go wrong, and only those."""
        for method in ("POST", "PATCH", "DELETE", "GET"):
            for action, values in FAULTS:
                body = {"method": method, "path": f"{self.path}/orders*", "action": action, **values}
                self.sandbox.request("POST", "/_sandbox/faults", json=body).raise_for_status()

    def act(self) -> None:
        """One thing that the person, the market or a worker does."""
        self.sandbox.advance(self.dice.choice([0.001, 0.001, 0.3, 0.3, 2, 60]))
        step: Callable[[], None] = self.dice.choices(
            (
                self.place,
                self.change,
                self.cancel,
                self.part_fill,
                self.race,
                self.revise,
                self.work,
                self.hear,
                self.wait,
            ),
            (45, 15, 12, 5, 2, 3, 6, 10, 1),
        )[0]
        with self.killer.at_large(0.15):
            step()

    # What the person does

    def place(self) -> None:
        """An order of any type, class, size and time in force; some cannot be, some the broker refuses."""
        spec = self.random_spec()
        if spec is None:
            return
        order_id = uuid4()
        self.asked.append(str(order_id))
        with suppress(rules.TradeRefused):
            orders.place_order(
                account=self.account,
                ticket=spec,
                order_id=order_id,
                seen_price=None,
                by=self.account.user,
                now=timezone.now(),
            )
        self.done[f"{spec.order_class} {spec.type}"] += 1

    def random_spec(self) -> OrderSpec | None:
        dice, symbol = self.dice, self.dice.choice(SYMBOLS)
        class_ = dice.choices(tuple(OrderClass), (10, 3, 2, 3))[0]
        side = Side.SELL if class_ == OrderClass.OCO else dice.choice(tuple(Side))
        values: dict[str, Any] = {"order_class": class_, "side": side}
        values["type"] = OrderType.LIMIT if class_ == OrderClass.OCO else dice.choice(tuple(OrderType))
        values["time_in_force"] = dice.choices(tuple(TimeInForce), (6, 6, 1, 1, 1, 1))[0]
        if class_ == OrderClass.SIMPLE and dice.random() < 0.3:
            values["time_in_force"] = TimeInForce.DAY
            fraction = Decimal(dice.randint(1, 4 * 10**9)).scaleb(-9)
            values |= dice.choice([{"qty": fraction}, {"notional": Decimal(dice.randint(100, 90_000)) / 100}])
        else:
            values["qty"] = Decimal(dice.randint(1, 12))
        values |= self.random_prices(values["type"], class_, symbol, side)
        try:
            return OrderSpec(asset=self.assets[symbol], **values)
        except ValueError:
            return None

    def random_prices(self, type_: str, class_: str, symbol: str, side: str) -> dict[str, Decimal]:
        price, up = self.price(symbol), 1 if side == Side.BUY else -1

        def times(factor: str | Decimal) -> Decimal:
            return (price * Decimal(factor)).quantize(CENT)

        found: dict[str, Decimal] = {}
        if class_ != OrderClass.OCO:
            near = times(self.dice.choice(NEARNESS))
            found |= {
                OrderType.LIMIT: {"limit_price": near},
                OrderType.STOP: {"stop_price": times(1 + up * Decimal("0.02"))},
                OrderType.STOP_LIMIT: {"stop_price": times(1 + up * Decimal("0.02")), "limit_price": near},
                OrderType.TRAILING_STOP: self.dice.choice(
                    [{"trail_percent": Decimal(1)}, {"trail_price": Decimal(2)}]
                ),
            }.get(OrderType(type_), {})
        profit, loss = (times("1.2"), times("0.4")) if side == Side.BUY else (times("0.4"), times("1.2"))
        if class_ == OrderClass.OCO:
            profit, loss = times("1.2"), times("0.8")
        if class_ in (OrderClass.BRACKET, OrderClass.OCO):
            found |= {"take_profit_price": profit, "stop_loss_price": loss}
        elif class_ == OrderClass.OTO:
            found |= self.dice.choice([{"take_profit_price": profit}, {"stop_loss_price": loss}])
        return found

    def price(self, symbol: str) -> Decimal:
        trade = self.sandbox.get(f"/v2/stocks/{symbol}/trades/latest")["trade"]
        return Decimal(str(trade["p"]))

    def some_open(self) -> Order | None:
        found = list(Order.objects.current().open().filter(account=self.account).order_by("created_at", "pk"))
        return self.dice.choice(found) if found else None

    def change(self) -> None:
        """An open order: its shares, prices or time; now and then one that cannot be changed."""
        mine = Order.objects.current().open().filter(account=self.account).order_by("created_at", "pk")
        found = [each for each in mine if changes.why_not(each) is None or self.dice.random() < 0.05]
        order = self.dice.choice(found) if found else None
        if order is None or not (names := changes.changeable(order)):
            return
        name = self.dice.choice(names)
        old = getattr(order, name)
        if name == "time_in_force":
            value: Any = TimeInForce.GTC if old == TimeInForce.DAY else TimeInForce.DAY
        elif name == "qty":
            value = Decimal(self.dice.randint(1, 12))
        else:
            value = max((old * Decimal(self.dice.choice(NEARNESS))).quantize(CENT), CENT)
        order_id = uuid4()
        self.asked.append(str(order_id))
        try:
            orders.replace_order(
                order=order,
                ticket=changes.changed(order, **{name: value}),
                order_id=order_id,
                by=self.account.user,
                now=timezone.now(),
            )
        except (changes.ChangeRefused, rules.TradeRefused):
            self.done["change refused here"] += 1
        else:
            self.done[f"change {name}"] += 1

    def cancel(self) -> None:
        if order := self.some_open():
            with suppress(rules.CancelRefused):
                orders.cancel_order(order=order, by=self.account.user, now=timezone.now())
                self.done["cancel"] += 1

    # What the market does

    def play(self, scenario: str) -> None:
        order = self.some_open()
        if order is not None and order.broker_order_id:
            body = {"account_id": str(self.account.broker_account_id), "order_id": str(order.broker_order_id)}
            reply = self.sandbox.request("POST", f"/_sandbox/scenarios/{scenario}", json=body)
            self.done[scenario] += reply.ok

    def part_fill(self) -> None:
        self.play("partial_fill")

    def race(self) -> None:
        """A fill while a cancel or a change is on its way."""
        self.play(self.dice.choice(["cancel_fill_race", "change_fill_race"]))

    def revise(self) -> None:
        """The exchange takes the newest execution back, or corrects its price and at times its quantity."""
        fills = [fill for fill in all_fills(self) if Decimal(fill["qty"]) > 0]
        if not fills:
            return
        body: dict[str, str] = {"account_id": str(self.account.broker_account_id)}
        scenario = self.dice.choice(["trade_bust", "trade_correct"])
        if scenario == "trade_correct":
            price = Decimal(fills[-1]["price"]) * Decimal(self.dice.choice(["0.98", "1.02"]))
            body["price"] = str(price.quantize(CENT))
            if self.dice.random() < 0.5:
                body["qty"] = str((Decimal(fills[-1]["qty"]) / 2).quantize(Decimal("1e-9")))
        reply = self.sandbox.request("POST", f"/_sandbox/scenarios/{scenario}", json=body)
        self.done[scenario] += reply.ok

    def wait(self) -> None:
        """Into the next day: day orders end."""
        self.sandbox.advance(86_400)

    # What workers do

    def work(self, offset: timedelta | None = None) -> None:
        """The sweeps, now or when what was left behind has rested."""
        offset = self.dice.choice([timedelta(0), LATER, LATER]) if offset is None else offset
        sync_activities(now=timezone.now() + offset)
        corporate_actions.follow_activities(now=timezone.now() + offset)
        sweeps.settle_orders(now=timezone.now() + offset)
        sweeps.sync_open_orders(now=timezone.now() + offset)
        self.done["sweep"] += 1

    def hear(self) -> None:
        """The events since the last time: some lost, some twice, in another order."""
        # The stream ends once the clock has passed the end asked for, and this clock stands still.
        self.sandbox.advance(0.01)
        now = datetime.fromisoformat(self.sandbox.info()["now"]) - timedelta(milliseconds=5)
        transport = get_client().transport
        told = list(read_events(transport, "/v2/events/trades", since=self.heard_until, until=now))
        self.heard_until = now
        bodies = [event.body for event in told if isinstance(event, Event) and self.dice.random() < 0.8]
        bodies += self.dice.sample(bodies, len(bodies) // 8)
        if self.dice.random() < 0.5:
            self.dice.shuffle(bodies)
        for body in bodies:
            with suppress(BrokerError, following.EventTooEarly):
                events.on_trade_event(body)
                self.done["event"] += 1

    def come_to_rest(self) -> None:
        """Until sweeps alone have found out about everything: nothing fails any more."""
        self.sandbox.request("DELETE", "/_sandbox/faults").raise_for_status()
        self.hear()
        mine = Order.objects.filter(account=self.account)
        for rounds in range(1, 41):
            self.work(rounds * LATER)  # later each time, so that what failed before is due again
            left = mine.filter(status__in=UNSETTLED) | mine.unlike_fills()
            if not left.exclude(status="NOT_FOUND").exists():
                break
        for rounds in range(1, 41):  # one sweep takes twenty seconds at most, and five hundred rows
            sweeps.sync_open_orders(now=timezone.now() + rounds * MUCH_LATER)
            lost = mine.filter(status="NOT_FOUND")
            if not lost.exists():
                break
            self.end_what_was_to_be_changed(lost)
        portfolio.sync_portfolio(account=self.account)
        self.account.refresh_from_db()

    def end_what_was_to_be_changed(self, lost: QuerySet[Order]) -> None:
        """A change that did not arrive is looked for as long as its order works."""
        for order in Order.objects.working().filter(pk__in=lost.values("replaces")):
            with suppress(rules.CancelRefused):
                orders.cancel_order(order=order, by=self.account.user, now=timezone.now())
        self.sandbox.advance(1)


# What must hold


def all_orders(trader: Trader, **query: str) -> list[dict[str, Any]]:
    """Every order that the broker has of the account, oldest first."""
    found: dict[str, dict[str, Any]] = {}
    after = ""
    while True:
        params = {"status": "all", "direction": "asc", "limit": "500", **query}
        page = trader.sandbox.get(
            f"{trader.path}/orders", params=params | ({"after": after} if after else {})
        )
        new = [each for each in page if each["id"] not in found]
        found |= {each["id"]: each for each in new}
        if len(page) < 500 or not new:
            return list(found.values())
        # Orders of one instant may be parted by a page, and `after` is exclusive.
        last = datetime.fromisoformat(page[-1]["submitted_at"]) - timedelta(microseconds=1)
        after = last.isoformat()


def as_told(order: dict[str, Any]) -> dict[str, Any]:
    """What both sides must agree on, from the broker's order."""
    numbers = ("qty", "notional", "filled_qty", "filled_avg_price")
    found: dict[str, Any] = {name: None if order[name] is None else Decimal(order[name]) for name in numbers}
    words = ("status", "side", "type", "time_in_force")
    found |= {name: order[name].upper() for name in words}
    found |= {name: order[name] for name in ("client_order_id", "symbol", "replaces")}
    if found["notional"] is not None:
        found["qty"] = None
    for name in ("limit_price", "stop_price"):
        is_own = found["type"] != "TRAILING_STOP" or name != "stop_price"
        found[name] = Decimal(order[name]) if is_own and order[name] is not None else None
    return found


def as_kept(order: Order) -> dict[str, Any]:
    """The same from our row."""
    names = ("qty", "notional", "filled_qty", "filled_avg_price", "status", "side", "type", "time_in_force")
    found: dict[str, Any] = {name: getattr(order, name) for name in names}
    is_pair = order.order_class == OrderClass.OCO
    return found | {
        "client_order_id": order.client_order_id,
        "symbol": order.symbol,
        "replaces": str(order.replaces.broker_order_id) if order.replaces else None,
        "limit_price": order.take_profit_price if is_pair else order.limit_price,
        "stop_price": order.stop_price,
    }


def check_orders(trader: Trader) -> None:
    """Every order is there once on both sides, and both say the same of it."""
    theirs = {each["id"]: each for each in all_orders(trader)}
    rows = Order.objects.filter(account=trader.account).select_related("replaces")
    ours = {str(order.broker_order_id): order for order in rows if order.broker_order_id}
    assert ours.keys() == theirs.keys(), "none is lost, and none is there that we did not want"
    for order_id, order in ours.items():
        assert as_kept(order) == as_told(theirs[order_id]), order_id
    at_broker = {each["client_order_id"] for each in theirs.values()}
    assert len(at_broker) == len(theirs), "none twice"
    for order in rows:
        if not order.broker_order_id:
            assert order.status in ("REJECTED", "NOT_PLACED"), f"{order}: {order.status}"
            assert order.client_order_id not in at_broker
    kept = {order.client_order_id for order in rows}
    assert at_broker & set(trader.asked) <= kept, "nothing that was sent is forgotten"
    check_legs(trader, ours)


def check_legs(trader: Trader, ours: dict[str, Order]) -> None:
    """Exits stand under the order under which the broker has them."""
    for parent in all_orders(trader, nested="true"):
        legs = {leg["id"] for leg in parent["legs"] or ()}
        if legs and parent["replaced_by"] is None:
            assert {ours[leg].parent_id for leg in legs} == {ours[parent["id"]].pk}


def check_fills(trader: Trader) -> None:
    """Every execution is there once, and they add up to positions and cash."""
    theirs: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    cash, held = Decimal(0), defaultdict[str, Decimal](Decimal)
    for fill in all_fills(trader):
        qty, price = Decimal(fill["qty"]), Decimal(fill["price"])
        if qty < 0:
            theirs[fill["order_id"]].remove((-qty, price))
        else:
            theirs[fill["order_id"]].append((qty, price))
        sign = 1 if fill["side"] == "buy" else -1
        held[fill["symbol"]] += sign * qty
        cash -= sign * (qty * price).quantize(CENT, ROUND_HALF_UP)
    mine: dict[str, list[tuple[Decimal, Decimal]]] = defaultdict(list)
    for order in Order.objects.filter(account=trader.account).prefetch_related("fills"):
        for kept in order.fills.all():
            if kept.is_standing:
                mine[str(order.broker_order_id)].append((kept.qty, kept.price))
    differing = differing_fills(trader, _sorted(mine), _sorted(theirs))
    assert not differing, "\n".join(differing)
    assert not Order.objects.filter(account=trader.account).unlike_fills().exists()
    positions = {row.symbol: row.qty for row in trader.account.positions.all()}
    assert positions == {symbol: qty for symbol, qty in held.items() if qty}
    shown = trader.sandbox.get(f"{trader.path}/account")
    assert trader.account.cash == Decimal(shown["cash"]) == trader.deposited + cash


def differing_fills(trader: Trader, mine: dict[str, Any], theirs: dict[str, Any]) -> list[str]:
    """Of each order whose fills differ what we have, and what the broker's list of activities tells."""
    told = defaultdict(list)
    for fill in all_fills(trader):
        told[fill["order_id"]].append(fill)
    found = []
    for order_id in sorted({*mine, *theirs}):
        if mine.get(order_id) != theirs.get(order_id):
            order = Order.objects.get(account=trader.account, broker_order_id=order_id)
            found += [f"{order}: {order.filled_qty} at {order.filled_avg_price}, we have"]
            found += [f"  {row}" for row in order.fills.order_by("pk").values()]
            found += ["and the broker tells", *(f"  {fill}" for fill in told[order_id])]
    return found


def _sorted(fills: dict[str, list[tuple[Decimal, Decimal]]]) -> dict[str, list[tuple[Decimal, Decimal]]]:
    return {order_id: sorted(each) for order_id, each in fills.items() if each}


def all_fills(trader: Trader) -> Iterator[dict[str, Any]]:
    token = ""
    while True:
        params = {"account_id": str(trader.account.broker_account_id), "page_size": "100", "direction": "asc"}
        page = trader.sandbox.get(
            "/v1/accounts/activities/FILL", params=params | ({"page_token": token} if token else {})
        )
        if not page:
            return
        yield from page
        token = page[-1]["id"]
