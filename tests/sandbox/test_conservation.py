"""In whatever order things are done, cash and shares are conserved. ``HYPOTHESIS_SCALE=100`` looks longer."""

import shutil
import tempfile
from decimal import Decimal
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.depth import SCALE
from tests.sandbox.bookkeeping import (
    CENT,
    Books,
    bound_by_options,
    check_books,
    check_replay,
    get,
    read_books,
    unreserved_buying_power,
)
from tests.sandbox.in_process import Answer, InProcess, answer_of
from tests.sandbox.people import BANK, SIGNED_FOR_OPTIONS, application, crypto_members, trading_path
from tests.sandbox.process import process_at

COMMON = {
    "deadline": None,
    "database": None,
    "derandomize": SCALE == 1,
    "suppress_health_check": [HealthCheck.too_slow, HealthCheck.filter_too_much],
}
SYMBOLS = ("AAPL", "MSFT", "SPY")
TRADED = (*SYMBOLS, "NVDA")  # nobody holds the last at first: who may sells it short
OPTIONED = "F"  # a hundred shares cost less than what everyone has
SHORT_SELLER = 2
# Prices in cents, in millionths and in billionths of a dollar.
PAIRS = {"BTC/USD": 2, "DOGE/USD": 6, "SHIB/USD": 9}
PEOPLE = st.integers(0, 2)
MONEY = st.integers(1, 500_000).map(lambda cents: str(Decimal(cents) / 100))
QTY = st.one_of(
    st.integers(1, 12).map(str), st.integers(1, 4 * 10**9).map(lambda n: f"{Decimal(n).scaleb(-9):f}")
)
RECIPIENT = {"name": "B", "bank_code": "121000358", "bank_code_type": "ABA", "account_number": "123456789"}
SCENARIOS = (
    "fill", "partial_fill", "partial_fill", "cancel_fill_race", "resume", "halt", "resume", "dividend",
    "split", "split", "complete_transfer", "reject_transfer", "ach_return", "journal_correction",
)  # fmt: skip
TAKING_CASH_BACK = ("ach_return", "journal_correction")
SIZE = st.one_of(QTY, MONEY.map(lambda amount: ("notional", amount)))
SIDES = st.sampled_from(["buy", "buy", "sell"])
SHAPES = [
    ("limit", ""), ("limit", ""), ("stop", ""), ("stop_limit", ""), ("trailing_stop", ""),
    ("market", "bracket"), ("limit", "bracket"), ("limit", "oco"), ("limit", "oco"), ("market", "oto"),
]  # fmt: skip
COIN_SHAPES = [
    ("market", "gtc"),
    ("market", "ioc"),
    ("limit", "gtc"),
    ("limit", "ioc"),
    ("stop_limit", "gtc"),
]
# Below, at and above the market: what rests and what is filled.
NEARNESS = st.sampled_from(["0.50", "0.90", "0.99", "1", "1.01", "1.10"])


class Conservation(RuleBasedStateMachine):
    """Three customers, the third with margin, the firm, a bank and a market."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="conservation-"))
        self.broker: Any = self.open_broker()
        self.deposited = Decimal(0)
        self.in_debt: set[int] = set()  # cash was taken back from them
        self.accounts: list[str] = []
        self.links: list[str] = []
        self.banks: list[str] = []

    def open_broker(self) -> Any:
        return InProcess(self.folder / "state")

    def advance(self, seconds: float) -> None:
        self.broker.advance(seconds)

    def read(self) -> Books:
        return read_books(self.broker, [*self.accounts, self.broker.firm_account_id])

    def teardown(self) -> None:
        try:
            if len(self.accounts) == 3:
                self.check_the_end()
        finally:
            self.broker.stop()
            shutil.rmtree(self.folder)

    def send(self, method: str, path: str, body: Any = None, **params: str) -> Answer:
        answer: Answer = self.broker.request(method, path, json=body, params=params)
        assert answer.status < 500, (method, path, body, answer)
        return answer

    @initialize()
    def open_accounts(self) -> None:
        for number in range(3):
            body = application(**crypto_members(margin=number == 2))
            body["agreements"] += SIGNED_FOR_OPTIONS[1:]
            self.accounts.append(self.send("POST", "/v1/accounts", body).body["id"])
        self.advance(60)
        for number, account in enumerate(self.accounts):
            level = {"level": 2, "fixtures": {"status": "APPROVED"}}
            assert self.send("POST", f"/v1/accounts/{account}/options/approval", level).status == 200
            link = self.send("POST", f"/v1/accounts/{account}/ach_relationships", BANK)
            self.links.append(link.body["id"])
            self.deposit(number, "8000")
            bank = self.send("POST", f"/v1/accounts/{account}/recipient_banks", RECIPIENT)
            self.banks.append(bank.body["id"])
        self.advance(60)
        for account in [*self.accounts, self.broker.firm_account_id]:
            is_firm = account == self.broker.firm_account_id
            for symbol in TRADED if is_firm else SYMBOLS:
                body = {"symbol": symbol, "side": "buy", "type": "market", "time_in_force": "day"}
                answer = self.send("POST", trading_path(account, "/orders"), {**body, "notional": "600"})
                assert answer.status == 200, answer
        for account in self.accounts:
            for pair in PAIRS:
                body = {"symbol": pair, "side": "buy", "type": "market", "time_in_force": "gtc"}
                answer = self.send("POST", trading_path(account, "/orders"), {**body, "notional": "500"})
                assert answer.status == 200, answer
        self.advance(1)

    # What may happen

    @rule(person=PEOPLE, amount=MONEY)
    def deposit(self, person: int, amount: str) -> None:
        answer = self.send("POST", f"/_sandbox/accounts/{self.accounts[person]}/deposit", {"amount": amount})
        assert answer.status == 200
        self.deposited += Decimal(amount)

    @rule(person=PEOPLE, symbol=st.sampled_from(TRADED), side=SIDES, size=SIZE)
    def trade(self, person: int, symbol: str, side: str, size: Any) -> None:
        """At market."""
        self.order(
            person, size, "1", symbol=symbol, side=side, kind="market", time_in_force="day", order_class=""
        )

    @rule(
        person=PEOPLE,
        shape=st.sampled_from(SHAPES),
        symbol=st.sampled_from(SYMBOLS),
        side=SIDES,
        qty=st.integers(1, 4).map(str),
        nearness=NEARNESS,
        seconds=st.sampled_from([0, 0.5, 2]),
    )
    def place_order(
        self, person: int, shape: tuple[str, str], qty: str, side: str, nearness: str, seconds: float,
        symbol: str,
    ) -> None:  # fmt: skip
        """Whole shares, in every type and class there is; some reach the market at once."""
        kind, order_class = shape
        members = {"kind": kind, "order_class": order_class, "time_in_force": "gtc", "symbol": symbol}
        self.order(person, qty, nearness, side="sell" if order_class == "oco" else side, **members)
        self.advance(seconds)

    @rule(
        side=st.sampled_from(["sell", "sell", "buy"]),
        shape=st.sampled_from([("market", ""), ("market", ""), *SHAPES]),
        qty=st.integers(1, 6).map(str),
        nearness=NEARNESS,
        seconds=st.sampled_from([0, 0.5, 2]),
    )
    def sell_short_or_cover(
        self, side: str, shape: tuple[str, str], qty: str, nearness: str, seconds: float
    ) -> None:
        kind, order_class = shape
        members = {"kind": kind, "order_class": order_class, "time_in_force": "gtc", "symbol": TRADED[-1]}
        self.order(SHORT_SELLER, qty, nearness, side="buy" if order_class == "oco" else side, **members)
        self.advance(seconds)

    @rule(
        person=PEOPLE,
        symbol=st.sampled_from(TRADED),
        side=SIDES,
        kind=st.sampled_from(["market", "limit", "stop", "stop_limit", "trailing_stop"]),
        time_in_force=st.sampled_from(["day", "gtc", "ioc", "fok", "opg", "cls"]),
        order_class=st.sampled_from(["", "", "simple", "bracket", "oco", "oto"]),
        size=SIZE,
        nearness=NEARNESS,
    )
    def place_odd_order(self, person: int, size: Any, nearness: str, **members: str) -> None:
        self.order(person, size, nearness, **members)

    @rule(
        person=PEOPLE,
        pair=st.sampled_from(sorted(PAIRS)),
        shape=st.sampled_from(COIN_SHAPES),
        side=SIDES,
        size=st.one_of(MONEY.map(lambda amount: ("notional", amount)), QTY, QTY.map(lambda qty: qty + "e6")),
        nearness=NEARNESS,
        seconds=st.sampled_from([0, 0.5, 2]),
    )
    def trade_coins(
        self, person: int, pair: str, shape: tuple[str, str], side: str, size: Any, nearness: str,
        seconds: float,
    ) -> None:  # fmt: skip
        """In every type there is, a few coins or many."""
        kind, time_in_force = shape
        if isinstance(size, str) and size.endswith("e6"):
            size = f"{Decimal(size):f}"
        members = {"kind": kind, "time_in_force": time_in_force, "symbol": pair, "side": side}
        self.order(person, size, nearness, order_class="", **members)
        self.advance(seconds)

    def ask(self, symbol: str) -> Decimal:
        if symbol in PAIRS:
            found = get(self.broker, "/v1beta3/crypto/us/latest/quotes", symbols=symbol)["quotes"][symbol]
        else:
            found = get(self.broker, f"/v2/stocks/{symbol}/quotes/latest")["quote"]
        return Decimal(str(found["ap"]))

    def order(self, person: int, size: Any, nearness: str, **members: str) -> None:
        path = trading_path(self.accounts[person])
        body = order_body(size, Decimal(nearness), self.ask(members["symbol"]), **members)
        before = Decimal(get(self.broker, f"{path}/account")["buying_power"])
        held = {row["symbol"]: Decimal(row["qty"]) for row in get(self.broker, f"{path}/positions")}
        qty = held.get(members["symbol"].replace("/", ""), Decimal(0))
        answer = self.send("POST", f"{path}/orders", body)
        after = Decimal(get(self.broker, f"{path}/account")["buying_power"])
        if answer.status != 200:
            assert after == before, "a refusal reserves nothing"
        elif qty * (-1 if members["side"] == "buy" else 1) > 0:
            assert after == before, "what closes a position reserves shares"
            assert Decimal(body.get("qty", 0)) <= abs(qty), "and goes no further than to zero"
        else:
            spent = Decimal(body.get("notional") or body["qty"])
            if "notional" not in body:
                spent *= Decimal(body.get("limit_price") or body.get("stop_price") or 0)
            assert spent <= before, "an accepted order can be paid"
            assert 0 <= after < before, "and what it may cost is reserved"

    @rule(
        person=PEOPLE,
        which=st.integers(0, 50),
        side=st.sampled_from(["buy", "buy", "sell", "sell"]),
        kind=st.sampled_from(["market", "limit"]),
        qty=st.integers(1, 3).map(str),
        nearness=NEARNESS,
        seconds=st.sampled_from([0, 0.5, 2]),
    )
    def trade_options(
        self, person: int, which: int, side: str, kind: str, qty: str, nearness: str, seconds: float
    ) -> None:
        """Buys, closes, and writes what the account can cover."""
        if not (symbol := self.option(which)):
            return
        quote = get(self.broker, "/v1beta1/options/quotes/latest", symbols=symbol)["quotes"][symbol]
        body = {"symbol": symbol, "qty": qty, "side": side, "type": kind, "time_in_force": "day"}
        if kind == "limit":
            body["limit_price"] = str(max(round(Decimal(str(quote["ap"])) * Decimal(nearness), 2), CENT))
        path = trading_path(self.accounts[person])
        before = Decimal(get(self.broker, f"{path}/account")["options_buying_power"])
        answer = self.send("POST", f"{path}/orders", body)
        after = Decimal(get(self.broker, f"{path}/account")["options_buying_power"])
        assert after == before if answer.status != 200 else 0 <= after <= before
        self.advance(seconds)

    @rule(person=PEOPLE, lots=st.integers(1, 2))
    def buy_what_calls_are_covered_by(self, person: int, lots: int) -> None:
        body = {"symbol": OPTIONED, "side": "buy", "type": "market", "time_in_force": "day"}
        self.send("POST", trading_path(self.accounts[person], "/orders"), {**body, "qty": str(100 * lots)})
        self.advance(1)

    @rule(
        person=PEOPLE,
        which=st.integers(0, 10),
        action=st.sampled_from(["exercise", "exercise", "do-not-exercise"]),
        body=st.sampled_from([{}, {"qty": "1"}, {"commission": "0.37"}]),
    )
    def instruct(self, person: int, which: int, action: str, body: dict[str, str]) -> None:
        path = trading_path(self.accounts[person], "/positions")
        held = [row["symbol"] for row in get(self.broker, path) if row["asset_class"] == "us_option"]
        if held:
            self.send("POST", f"{path}/{held[which % len(held)]}/{action}", body)

    def option(self, which: int) -> str:
        """One of the next contracts with a strike about the price."""
        price = get(self.broker, f"/v2/stocks/{OPTIONED}/trades/latest")["trade"]["p"]
        near = {"strike_price_gte": f"{price * 0.85:.2f}", "strike_price_lte": f"{price * 1.15:.2f}"}
        query = {"underlying_symbols": OPTIONED, "expiration_date_gte": "2020-01-01", "limit": "8", **near}
        listed = get(self.broker, "/v1/options/contracts", **query)["option_contracts"]
        return listed[which % len(listed)]["symbol"] if listed else ""

    @rule(person=PEOPLE, which=st.integers(0, 50))
    def cancel_order(self, person: int, which: int) -> None:
        path = trading_path(self.accounts[person], "/orders")
        if orders := get(self.broker, path, status="all"):
            self.send("DELETE", f"{path}/{orders[which % len(orders)]['id']}")

    @rule(person=PEOPLE, which=st.integers(0, 50), qty=QTY, nearness=NEARNESS)
    def replace_order(self, person: int, which: int, qty: str, nearness: str) -> None:
        path = trading_path(self.accounts[person], "/orders")
        if orders := get(self.broker, path):
            order = orders[which % len(orders)]
            limit = order["limit_price"]
            places = PAIRS.get(order["symbol"], 2)
            price = {"limit_price": f"{round(Decimal(limit) * Decimal(nearness), places):f}"} if limit else {}
            self.send("PATCH", f"{path}/{order['id']}", {"qty": qty, **price})

    @rule(person=PEOPLE)
    def cancel_all_orders(self, person: int) -> None:
        assert self.send("DELETE", trading_path(self.accounts[person], "/orders")).status == 207

    @rule(
        person=PEOPLE,
        symbol=st.sampled_from([*TRADED, "BTCUSD", "SHIBUSD"]),
        part=st.sampled_from(["", "33.3", "100"]),
    )
    def close_position(self, person: int, symbol: str, part: str) -> None:
        params = {"percentage": part} if part else {}
        self.send("DELETE", trading_path(self.accounts[person], f"/positions/{symbol}"), **params)

    @rule(person=PEOPLE, cancel=st.sampled_from(["true", "false"]))
    def close_all_positions(self, person: int, cancel: str) -> None:
        self.send("DELETE", trading_path(self.accounts[person], "/positions"), cancel_orders=cancel)

    @rule(
        person=PEOPLE,
        amount=MONEY,
        direction=st.sampled_from(["INCOMING", "OUTGOING"]),
        fixture=st.sampled_from(["", "", "", "REJECTED", "RETURNED", "CANCELED", "PENDING"]),
    )
    def transfer(self, person: int, amount: str, direction: str, fixture: str) -> None:
        body = {
            "transfer_type": "ach",
            "relationship_id": self.links[person],
            "direction": direction,
            "amount": amount,
            "additional_information": f"/fixtures/status={fixture}/fixtures/" if fixture else "",
        }
        if fixture == "RETURNED":
            self.in_debt.add(person)
        self.send("POST", f"/v1/accounts/{self.accounts[person]}/transfers", body)

    @rule(person=PEOPLE, amount=MONEY, payer=st.sampled_from(["user", "invoice"]))
    def wire(self, person: int, amount: str, payer: str) -> None:
        body = {"transfer_type": "wire", "bank_id": self.banks[person], "direction": "OUTGOING"}
        body |= {"amount": amount, "fee_payment_method": payer}
        self.send("POST", f"/v1/accounts/{self.accounts[person]}/transfers", body)

    @rule(
        person=PEOPLE,
        which=st.integers(0, 20),
        action=st.sampled_from(["cancel", "complete", "reject", "return"]),
    )
    def end_transfer(self, person: int, which: int, action: str) -> None:
        path = f"/v1/accounts/{self.accounts[person]}/transfers"
        if not (transfers := get(self.broker, path)):
            return
        transfer = transfers[which % len(transfers)]
        if action == "cancel":
            self.send("DELETE", f"{path}/{transfer['id']}")
        else:
            self.send("POST", f"/_sandbox/transfers/{transfer['id']}/{action}")
            if action == "return":
                self.in_debt.add(person)

    @rule(
        person=PEOPLE,
        amount=st.one_of(MONEY, st.just("10")),
        to_firm=st.booleans(),
        fixture=st.sampled_from(["", "", "pending", "rejected"]),
    )
    def journal_cash(self, person: int, amount: str, to_firm: bool, fixture: str) -> None:
        self.journal(
            person,
            to_firm,
            entry_type="JNLC",
            amount=amount,
            description=f"/fixtures/status={fixture}/fixtures/" if fixture else "",
        )

    @rule(person=PEOPLE, symbol=st.sampled_from(TRADED), qty=QTY)
    def journal_shares(self, person: int, symbol: str, qty: str) -> None:
        self.journal(person, False, entry_type="JNLS", symbol=symbol, qty=qty)

    def journal(self, person: int, to_firm: bool, **members: str) -> None:
        parties = [self.broker.firm_account_id, self.accounts[person]]
        source, target = reversed(parties) if to_firm else parties
        self.send("POST", "/v1/journals", {"from_account": source, "to_account": target, **members})

    @rule(amounts=st.lists(MONEY, min_size=1, max_size=3), kind=st.sampled_from(["batch", "reverse_batch"]))
    def journal_batch(self, amounts: list[str], kind: str) -> None:
        one, many = ("from_account", "to_account") if kind == "batch" else ("to_account", "from_account")
        entries = [
            {many: account, "amount": amount} for account, amount in zip(self.accounts, amounts, strict=False)
        ]
        body = {"entry_type": "JNLC", one: self.broker.firm_account_id, "entries": entries}
        self.send("POST", f"/v1/journals/{kind}", body)

    @rule(
        person=PEOPLE,
        name=st.sampled_from(SCENARIOS),
        symbol=st.sampled_from([*TRADED, "BTC/USD"]),
        amount=QTY,
    )
    def scenario(self, person: int, name: str, symbol: str, amount: str) -> None:
        options = {"qty": amount} if name == "partial_fill" and person else {}
        options |= {"per_share": amount, "ratio": amount, "amount": amount, "symbol": symbol}
        body = {"account_id": self.accounts[person], **options}
        answer = self.send("POST", f"/_sandbox/scenarios/{name}", body)
        assert answer.status != 404
        if name in TAKING_CASH_BACK:
            self.in_debt.add(person)

    @rule(which=st.integers(0, 20), amount=MONEY)
    def correct_journal(self, which: int, amount: str) -> None:
        """Any cash journal that has moved something, whoever it was to."""
        journals = [row for row in get(self.broker, "/v1/journals") if row["entry_type"] == "JNLC"]
        if executed := [row for row in journals if row["status"] == "executed"]:
            journal = executed[which % len(executed)]
            customer = {journal["from_account"], journal["to_account"]} - {self.broker.firm_account_id}
            body = {"account_id": customer.pop(), "journal_id": journal["id"], "amount": amount}
            self.in_debt.add(self.accounts.index(body["account_id"]))
            assert self.send("POST", "/_sandbox/scenarios/journal_correction", body).status == 200

    @rule(which=st.integers(0, 20))
    def cancel_journal(self, which: int) -> None:
        if journals := get(self.broker, "/v1/journals"):
            self.send("DELETE", f"/v1/journals/{journals[which % len(journals)]['id']}")

    @rule(seconds=st.sampled_from([0.0001, 0.05, 1, 1, 60, 3600, 86_400, 400_000]))
    def pass_time(self, seconds: float) -> None:
        self.advance(seconds)

    @rule()
    def crash(self) -> None:
        before = self.read()
        self.broker.kill()
        self.broker.start()
        assert self.read() == before, "nothing that was answered is lost"

    # What must hold

    @invariant()
    def books_balance(self) -> None:
        if len(self.accounts) < 3:
            return
        books = self.read()
        check_books(books, self.broker, deposited=self.deposited)
        for person in {0, 1} - self.in_debt:
            assert books.accounts[self.accounts[person]].amount("cash") >= 0

    def check_the_end(self) -> None:
        """With no order open nothing is reserved; the events tell the whole story."""
        for account in self.accounts:
            self.send("DELETE", trading_path(account, "/orders"))
        self.advance(1)
        for account_id in self.accounts:
            account = self.read().accounts[account_id]
            journals = get(self.broker, "/v1/journals", from_account=account_id)
            under_way = (
                row for row in journals if row["status"] in ("queued", "sent_to_clearing", "pending")
            )
            claims = sum((Decimal(row["net_amount"]) for row in under_way), Decimal(0))
            assert account.amount("buying_power") == unreserved_buying_power(account, claims)
            locked = bound_by_options(account)[1]
            for symbol, row in account.positions.items():
                assert Decimal(row["qty"]) - Decimal(row["qty_available"]) == locked.get(symbol, 0)
        self.books_balance()
        check_replay(self.read(), self.broker)


def order_body(size: Any, nearness: Decimal, price: Decimal, **members: str) -> dict[str, Any]:
    """An order of any kind; some are refused, and that is part of the test."""
    kind, order_class = members.pop("kind"), members.pop("order_class")
    places = PAIRS.get(members["symbol"], 2)

    def times(factor: str | Decimal) -> str:
        return f"{round(price * Decimal(factor), places):f}"

    body: dict[str, Any] = {**members, "type": kind}
    body |= {"notional": size[1]} if isinstance(size, tuple) else {"qty": size}
    if kind in ("limit", "stop_limit"):
        body["limit_price"] = times(nearness)
    if kind in ("stop", "stop_limit"):
        body["stop_price"] = times("1.02" if members["side"] == "buy" else "0.98")
    if kind == "trailing_stop":
        body["trail_percent"] = "1"
    if order_class:
        body["order_class"] = order_class
    if order_class == "oco":
        profit, loss = ("1.2", "0.8") if members["side"] == "sell" else ("0.8", "1.2")
        body["take_profit"], body["stop_loss"] = {"limit_price": times(profit)}, {"stop_price": times(loss)}
    far = [times("1.2"), times("0.4")]
    profit, loss = far if members["side"] == "buy" else reversed(far)
    if order_class in ("bracket", "oto"):
        body["take_profit"] = {"limit_price": profit}
    if order_class == "bracket":
        body["stop_loss"] = {"stop_price": loss}
    return body


class OverHttp:
    """The process, its clock frozen: as ``InProcess``, but for what the process does by itself."""

    def __init__(self, state: Path) -> None:
        self._process = process_at(state).start()
        self.firm_account_id = self._process.firm_account_id
        self.request("POST", "/_sandbox/clock", {"freeze": True})
        self.stop, self.kill, self.start = self._process.stop, self._process.kill, self._process.start

    def request(
        self, method: str, path: str, json: Any = None, params: dict[str, str] | None = None
    ) -> Answer:
        reply = self._process.request(method, path, json=json, params=params)
        return answer_of(reply.status_code, reply.content)

    def advance(self, seconds: float) -> None:
        self._process.advance(seconds)


class ConservationOverHttp(Conservation):
    def open_broker(self) -> Any:
        return OverHttp(self.folder / "state")

    def read(self) -> Books:
        """As soon as two readings agree: resting orders are worked between requests."""
        former, books = None, super().read()
        while former != books:
            former, books = books, super().read()
        return books


TestConservation = Conservation.TestCase
TestConservation.settings = settings(max_examples=8 * SCALE, stateful_step_count=30, **COMMON)
TestConservationOverHttp = ConservationOverHttp.TestCase
TestConservationOverHttp.settings = settings(max_examples=SCALE, stateful_step_count=10, **COMMON)
