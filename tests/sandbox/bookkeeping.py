"""Reads everything the API says about money and shares, and holds it against the rules of bookkeeping."""

import itertools
import json
from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal
from typing import Any, NamedTuple, Protocol

from tests.sandbox.in_process import Answer
from tests.sandbox.people import trading_path

ZERO, CENT = Decimal(0), Decimal("0.01")
OPENING_CASH = Decimal(50_000)  # of the firm's account
MOVING_SHARES = ("JNLS", "SPLIT", "CFEE", "OPEXC", "OPASN", "OPEXP", "OPTRD")
# Cash that goes to the market and the broker, or comes from there.
MARKET = ("FILL", "DIV", "FEE", "CFEE", "OPTRD")
CRYPTO_FEE, NINE_PLACES = Decimal("0.0025"), Decimal("0.000000001")


class Broker(Protocol):
    firm_account_id: str

    def request(
        self, method: str, path: str, json: Any = None, params: dict[str, str] | None = None
    ) -> Answer: ...

    def advance(self, seconds: float) -> None: ...


class Account(NamedTuple):
    """What the API says of one account. ``balances`` is its trading account."""

    balances: dict[str, Any]
    positions: dict[str, dict[str, Any]]
    activities: list[dict[str, Any]]
    orders: dict[str, dict[str, Any]]
    transfers: dict[str, dict[str, Any]]

    def amount(self, name: str) -> Decimal:
        return Decimal(self.balances[name])


class Books(NamedTuple):
    accounts: dict[str, Account]
    journals: dict[str, dict[str, Any]]


def read_books(broker: Broker, account_ids: Iterable[str]) -> Books:
    return Books(
        {account_id: _read_account(broker, account_id) for account_id in account_ids},
        _by_id(get(broker, "/v1/journals")),
    )


def get(broker: Broker, path: str, **params: str) -> Any:
    answer = broker.request("GET", path, params=params)
    assert answer.status == 200, (path, params, answer)
    return answer.body


def _read_account(broker: Broker, account_id: str) -> Account:
    orders: dict[str, dict[str, Any]] = {}
    for order in get(broker, trading_path(account_id, "/orders"), status="all", limit="500"):
        orders[order["id"]] = order
    return Account(
        get(broker, trading_path(account_id, "/account")),
        {row["symbol"]: row for row in get(broker, trading_path(account_id, "/positions"))},
        _read_activities(broker, account_id),
        orders,
        _by_id(get(broker, f"/v1/accounts/{account_id}/transfers")),
    )


def _read_activities(broker: Broker, account_id: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    token: dict[str, str] = {}
    while page := get(broker, "/v1/accounts/activities", account_id=account_id, **token):
        found += page
        token = {"page_token": page[-1]["id"]}
    return found


def check_books(books: Books, broker: Broker, *, deposited: Decimal) -> None:
    """``deposited``: what was put into accounts by hand. Raises AssertionError for what does not add up."""
    for account_id, account in books.accounts.items():
        opening = OPENING_CASH if account_id == broker.firm_account_id else ZERO
        _check_account(account, opening)
    _check_outside(books, deposited)
    _check_journals(books)


def _check_account(account: Account, opening: Decimal) -> None:
    cash = opening + sum((_cash_of(activity) for activity in account.activities), ZERO)
    assert account.amount("cash") == cash, "the activities add up to the cash"
    shares: dict[str, Decimal] = defaultdict(Decimal)
    filled: dict[str, Decimal] = defaultdict(Decimal)
    for activity in account.activities:
        if activity["activity_type"] == "FILL":
            filled[activity["order_id"]] += Decimal(activity["qty"])
            shares[_held_as(activity["symbol"])] += _signed(activity, Decimal(activity["qty"]))
        elif activity["activity_type"] in MOVING_SHARES and activity.get("symbol"):
            shares[activity["symbol"]] += Decimal(activity["qty"])
    held = {symbol: Decimal(row["qty"]) for symbol, row in account.positions.items()}
    assert held == {symbol: qty for symbol, qty in shares.items() if qty}, "positions are the sum of fills"
    for order in account.orders.values():
        assert Decimal(order["filled_qty"]) == filled[order["id"]], "an order has filled what its fills say"
    for position in account.positions.values():
        _check_position(position)
    for symbol, qty in bound_by_options(account)[1].items():
        row = account.positions[symbol]
        assert Decimal(row["qty"]) - Decimal(row["qty_available"]) >= qty, "every written call is covered"
    _check_balances(account)


def _check_position(position: dict[str, Any]) -> None:
    """Long or short, no more is reserved than there is."""
    qty, available = Decimal(position["qty"]), Decimal(position["qty_available"])
    sign = 1 if position["side"] == "long" else -1
    assert 0 <= available * sign <= qty * sign, position
    assert qty, "a closed position is not shown"
    for name in ("market_value", "cost_basis"):
        assert Decimal(position[name]) * sign >= 0, position
    assert Decimal(position["avg_entry_price"]) >= 0


def _check_balances(account: Account) -> None:
    values = [Decimal(position["market_value"]) for position in account.positions.values()]
    long, short = sum((v for v in values if v > 0), ZERO), sum((v for v in values if v < 0), ZERO)
    assert account.amount("long_market_value") == long.quantize(CENT, "ROUND_HALF_UP")
    assert account.amount("short_market_value") == short.quantize(CENT, "ROUND_HALF_UP")
    worth = account.amount("long_market_value") + account.amount("short_market_value")
    assert account.amount("equity") == account.amount("cash") - account.amount("memoposts") + worth
    assert account.amount("buying_power") >= 0
    proceeds = short_proceeds(account)
    assert 0 <= account.amount("cash_withdrawable") <= max(account.amount("cash") - proceeds, ZERO)
    _check_crypto_fees(account)


def short_proceeds(account: Account) -> Decimal:
    """USD, 2 dp: what the shares that the account owes were sold for."""
    costs = (Decimal(row["cost_basis"]) for row in account.positions.values() if not is_option(row["symbol"]))
    return -sum((cost for cost in costs if cost < 0), ZERO).quantize(CENT, "ROUND_HALF_UP")


def bound_by_options(account: Account) -> tuple[Decimal, dict[str, Decimal]]:
    """What stands behind the options that an account has written: USD, and shares by symbol."""
    cash, shares = ZERO, defaultdict[str, Decimal](Decimal)
    for symbol, row in account.positions.items():
        if is_option(symbol) and (owed := -Decimal(row["qty"])) > 0:
            if symbol[-9] == "P":
                cash += owed * 100 * Decimal(symbol[-8:]) / 1000
            else:
                shares[symbol[:-15]] += owed * 100
    return cash, shares


def is_option(symbol: str) -> bool:
    return len(symbol) > 15


def unreserved_buying_power(account: Account, claims: Decimal) -> Decimal:
    """What the account can spend while no order is open; ``claims``: its journals under way."""
    leaving = account.amount("pending_transfer_out")
    claims += bound_by_options(account)[0]
    if account.balances["multiplier"] == "2":
        power = (account.amount("equity") - account.amount("initial_margin")) * 2 - leaving * 2
        return max(power - claims, ZERO) if power + leaving * 2 > 0 else ZERO
    values = (
        Decimal(row["market_value"]) for row in account.positions.values() if not is_option(row["symbol"])
    )
    short = -sum((value for value in values if value < 0), ZERO).quantize(CENT, "ROUND_HALF_UP")
    locked = max(short_proceeds(account), short) + short / 2
    return max(account.amount("cash") - locked - leaving - claims, ZERO)


def _check_crypto_fees(account: Account) -> None:
    """Every execution of coins has its fee: a buy in coins, a sale in dollars."""
    due: list[tuple[str, Decimal]] = []
    for row in account.activities:
        if row["activity_type"] != "FILL" or "/" not in row["symbol"]:
            continue
        is_buy = row["side"] == "buy"
        base, places = (Decimal(row["qty"]), NINE_PLACES) if is_buy else (_cash_of(row), CENT)
        fee = (base * CRYPTO_FEE).quantize(places, "ROUND_HALF_UP")
        if fee:
            due.append((_held_as(row["symbol"]) if is_buy else "USD", -fee))
    fees = [row for row in account.activities if row["activity_type"] == "CFEE"]
    charged = [(row.get("symbol") or "USD", Decimal(row.get("qty") or row["net_amount"])) for row in fees]
    assert sorted(charged) == sorted(due), "every execution of coins has paid its fee, once"


def _held_as(symbol: str) -> str:
    """A position's name of an order's symbol."""
    return symbol.replace("/", "")


def _check_outside(books: Books, deposited: Decimal) -> None:
    """Cash comes from outside by deposits and transfers, goes to the market for shares, and that is all."""
    total = sum((account.amount("cash") for account in books.accounts.values()), ZERO)
    market = bank = ZERO
    for account in books.accounts.values():
        rows = [row for row in account.activities if row["activity_type"] in MARKET]
        market += sum(map(_cash_of, rows), ZERO)
        for transfer in account.transfers.values():
            if transfer["status"] == "COMPLETE":
                amount = Decimal(transfer["amount"])
                bank += amount if transfer["direction"] == "INCOMING" else -amount
    assert total == OPENING_CASH + deposited + bank + market, "no cash appears or disappears"


def _check_journals(books: Books) -> None:
    """What the executed journals say is what both sides have booked; of an undone one nothing is left."""
    expected: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for journal in books.journals.values():
        if journal["status"] == "executed":
            what = journal["symbol"] if journal["entry_type"] == "JNLS" else "USD"
            amount = Decimal(journal["qty" if what != "USD" else "net_amount"])
            expected[journal["from_account"], what] -= amount
            expected[journal["to_account"], what] += amount
    booked: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
    for account_id, account in books.accounts.items():
        for row in account.activities:
            if row["activity_type"] == "JNLC":
                booked[account_id, "USD"] += _cash_of(row)
            elif row["activity_type"] == "JNLS":
                booked[account_id, row["symbol"]] += Decimal(row["qty"])
    for side in booked.keys() | expected.keys():
        assert booked[side] == expected[side], side


def _cash_of(activity: dict[str, Any]) -> Decimal:
    """How an activity changes the cash: executions are booked to the cent, half up."""
    if activity["activity_type"] != "FILL":
        return Decimal(activity["net_amount"])
    units = Decimal(activity["qty"]) * (100 if is_option(activity["symbol"]) else 1)
    amount = (units * Decimal(activity["price"])).quantize(CENT, "ROUND_HALF_UP")
    return -_signed(activity, amount)


def _signed(activity: dict[str, Any], amount: Decimal) -> Decimal:
    return amount if activity["side"] == "buy" else -amount


def _by_id(rows: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    return {row["id"]: row for row in rows}


def check_replay(books: Books, broker: Broker) -> None:
    """The streams, read from their first event, lead to the statuses the API shows. Moves the clock."""
    now = get(broker, "/_sandbox/clock")["now"]
    broker.advance(0.002)  # a stream is over when its end has passed
    transfers, journals = (
        _last_statuses(events_of(broker, "/v2/events/funding/status", now), "entity_id"),
        _last_statuses(events_of(broker, "/v2/events/journals/status", now), "journal_id"),
    )
    stream = events_of(broker, "/v1/events/accounts/status", now)
    accounts = _last_statuses([event for event in stream if "status_to" in event], "account_id")
    crypto = {
        event["account_id"]: event["crypto_status_to"] for event in stream if "crypto_status_to" in event
    }
    for account_id, account in books.accounts.items():
        if account_id != broker.firm_account_id:
            assert accounts[account_id] == account.balances["status"]
            assert crypto.get(account_id, "INACTIVE") == account.balances["crypto_status"]
        for transfer in account.transfers.values():
            assert transfers[transfer["id"]] == transfer["status"]
    assert journals == {journal["id"]: journal["status"] for journal in books.journals.values()}
    _check_trades(books, events_of(broker, "/v2/events/trades", now))


def events_of(broker: Broker, path: str, until: str) -> list[dict[str, Any]]:
    """Every event of a stream up to an instant, oldest first."""
    stream = get(broker, path, since="2020-01-01", until=until)
    lines = stream.decode().splitlines()
    events = [json.loads(line.removeprefix("data: ")) for line in lines if line.startswith("data: ")]
    ids = [event.get("event_ulid", event["event_id"]) for event in events]
    assert all(former < later for former, later in itertools.pairwise(ids)), "ids rise"
    return events


def _last_statuses(events: list[dict[str, Any]], key: str) -> dict[str, str]:
    last: dict[str, str] = {}
    for event in events:
        if "status_to" not in event:  # the level of options has changed
            continue
        assert (event["status_from"] or "") == last.get(event[key], ""), "each goes on from the one before"
        last[event[key]] = event["status_to"]
    return last


def _check_trades(books: Books, events: list[dict[str, Any]]) -> None:
    last: dict[str, dict[str, Any]] = {}
    executed: dict[str, Decimal] = defaultdict(Decimal)
    by_execution: dict[str, Decimal] = {}
    for event in events:
        last[event["order"]["id"]] = event["order"]
        if "qty" not in event:
            continue
        by_execution[event["execution_id"]] = Decimal(event["qty"])
        executed[event["order"]["id"]] += Decimal(event["qty"])
        if event["event"] == "trade_correct":  # it stands for the one before
            executed[event["order"]["id"]] -= by_execution[event["previous_execution_id"]]
    orders = {order_id: order for each in books.accounts.values() for order_id, order in each.orders.items()}
    assert orders.keys() <= last.keys()
    for order_id, order in orders.items():
        assert executed[order_id] == Decimal(order["filled_qty"])
        for name in ("status", "filled_qty", "filled_avg_price", "canceled_at", "updated_at"):
            assert last[order_id][name] == order[name], (name, order)
