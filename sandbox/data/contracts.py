"""Option contracts as the API lists them."""

import datetime as dt
import itertools
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from sandbox.instruments import option_contracts
from sandbox.instruments.black_scholes import Kind
from sandbox.instruments.option_contracts import MULTIPLIER, Contract, expirations, underlyings
from sandbox.kernel.clock import market_date
from sandbox.state.api import Call, decimal_of, endpoint, invalid, not_found, parse_date, text_of
from sandbox.state.world import World

KINDS: tuple[Kind, ...] = ("call", "put")
NO_LIMIT = Decimal(10**9)
INTEREST = 40  # open contracts for each one traded in a session


@endpoint("GET", "/v1/options/contracts")
def list_contracts(call: Call) -> dict[str, Any]:
    """By symbol. Without dates those that expire by the coming weekend; ``page_token`` is the next symbol."""
    limit, with_deliverables = call.number("limit", 100, 1, 10_000), call.flag("show_deliverables")
    found = itertools.islice(_wanted(call), limit + 1)
    page = list(found)
    following = page[limit].symbol if len(page) > limit else None
    views = [contract_view(call.world, each, call.now) for each in page[:limit]]
    if with_deliverables:
        for view in views:
            view["deliverables"] = [_deliverable(view)]
    return {"option_contracts": views, "next_page_token": following}


@endpoint("GET", "/v1/options/contracts/{symbol_or_id}")
def get_contract(call: Call) -> dict[str, Any]:
    """With its deliverable."""
    wanted = call.params["symbol_or_id"]
    contract = call.world.options.find(wanted, call.now)
    if contract is None:
        raise not_found(f"option contract {wanted[:40]} not found")
    view = contract_view(call.world, contract, call.now)
    return {**view, "deliverables": [_deliverable(view)]}


def contract_view(world: World, contract: Contract, now: dt.datetime) -> dict[str, Any]:
    """Prices as text; the close is the one before the day at hand."""
    is_active = now < contract.expires_at
    closed_at = world.prices.shares.previous_close_at(min(now, contract.expires_at))
    interest = INTEREST * world.prices.options.volume(contract.symbol, closed_at)
    closed_on = market_date(closed_at).isoformat()
    return {
        "id": contract.id,
        "symbol": contract.symbol,
        "name": contract.name,
        "status": "active" if is_active else "inactive",
        "tradable": is_active,
        "expiration_date": contract.expires_on.isoformat(),
        "root_symbol": contract.underlying.symbol,
        "underlying_symbol": contract.underlying.symbol,
        "underlying_asset_id": contract.underlying.id,
        "type": contract.kind,
        "style": "american",
        "strike_price": text_of(contract.strike),
        "multiplier": str(MULTIPLIER),
        "size": str(MULTIPLIER),
        "open_interest": str(interest),
        "open_interest_date": closed_on,
        "close_price": text_of(world.prices.trade(contract.symbol, closed_at)),
        "close_price_date": closed_on,
        "ppind": True,
    }


def filtered(call: Call, symbols: Iterable[str], days: Iterable[dt.date]) -> Iterator[Contract]:
    """Contracts of some shares, by symbol, that fit type, strikes, root and page_token of the query."""
    kind, root, token = call.arg("type").lower(), call.arg("root_symbol").upper(), call.arg("page_token")
    if kind not in ("", *KINDS):
        raise invalid("invalid type: must be call or put")
    if token and option_contracts.parse(token) is None:
        raise invalid("invalid page_token")
    least, most = _strike(call, "strike_price_gte", Decimal(0)), _strike(call, "strike_price_lte", NO_LIMIT)
    kinds = tuple(each for each in KINDS if kind in ("", each))
    wanted, days = set(symbols), tuple(days)
    return (
        contract
        for share in underlyings()
        if share.symbol in wanted
        and root in ("", share.symbol)
        and token[: -option_contracts.OCC_TAIL] <= share.symbol
        for contract in call.world.options.contracts(share, days, kinds, least, most)
        if contract.symbol >= token
    )


def days_of(call: Call, days: Iterable[dt.date], default_last: dt.date = dt.date.max) -> list[dt.date]:
    """Those of some expiries that fit expiration_date and its bounds; up to a default without any."""
    given = {
        name: parse_date(call.arg(name), name)
        for name in ("expiration_date", "expiration_date_gte", "expiration_date_lte")
        if call.arg(name)
    }
    exact = given.get("expiration_date")
    first = given.get("expiration_date_gte", dt.date.min)
    last = given.get("expiration_date_lte", dt.date.max if given else default_last)
    return [day for day in days if exact in (None, day) and first <= day <= last]


def _wanted(call: Call) -> Iterator[Contract]:
    status, style = call.arg("status", "active").lower(), call.arg("style", "american").lower()
    if status not in ("active", "inactive"):
        raise invalid("invalid status: must be active or inactive")
    if style not in ("american", "european"):
        raise invalid("invalid style: must be american or european")
    today = market_date(call.now)
    weekend = today + dt.timedelta(days=6 - today.weekday())
    days = days_of(call, expirations(call.now, expired=status == "inactive"), weekend)
    symbols = [symbol.upper() for symbol in call.args("underlying_symbols")]
    found = filtered(call, symbols or [share.symbol for share in underlyings()], days)
    # Every contract here is American, and in the Penny Program.
    is_in_program = call.flag("ppind") if call.arg("ppind") else True
    return found if style == "american" and is_in_program else iter(())


def _strike(call: Call, name: str, default: Decimal) -> Decimal:
    return decimal_of(call.arg(name), name) if call.arg(name) else default


def _deliverable(view: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "equity",
        "symbol": view["underlying_symbol"],
        "asset_id": view["underlying_asset_id"],
        "amount": str(MULTIPLIER),
        "allocation_percentage": "100",
        "settlement_type": "T+1",
        "settlement_method": "CCC",
        "delayed_settlement": False,
    }
