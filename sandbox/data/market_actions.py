"""The market data API's list of corporate actions: what is announced, by the day it is processed."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sandbox.data.common import MOST_SYMBOLS, data_endpoint
from sandbox.data.corporate_actions import Announcement, announced_between
from sandbox.kernel.clock import market_date
from sandbox.state.api import Call, malformed, parse_date, words

TYPES = words(
    "reverse_split forward_split unit_split cash_dividend stock_dividend spin_off cash_merger stock_merger "
    "stock_and_cash_merger redemption name_change worthless_removal rights_distribution partial_call "
    "reorganization"
)
LONGEST = dt.timedelta(days=370)
"""How long before its last date an announcement can be processed: not in the API, a bound for the search."""


@data_endpoint("/v1/corporate-actions")
def list_corporate_actions(call: Call) -> dict[str, Any]:
    """Sorted by ``process_date``: the day dividends are paid and splits take effect.

    A page token is a position in the list.
    """
    types, symbols = call.args("types"), {name.upper() for name in call.args("symbols")}
    if set(types) - TYPES:
        raise malformed("invalid types")
    if len(symbols) > MOST_SYMBOLS:
        raise malformed("too many symbols")
    today = market_date(call.now)
    start, end = _date(call, "start", today), _date(call, "end", today)
    if end < start:
        raise malformed("end should not be before start")
    if end - start > LONGEST:
        raise malformed(f"at most {LONGEST.days} days can be asked for")
    limit, offset = call.number("limit", 100, 1, 1000), _offset(call)
    found = [
        each
        for each in announced_between(call.world.settings.seed, start, end)
        if (not symbols or each.initiating_symbol in symbols) and (not types or _type_of(each) in types)
    ]
    found.sort(key=lambda each: (each.payable_date, each.id), reverse=_is_descending(call))
    page: dict[str, list[dict[str, Any]]] = {}
    for each in found[offset : offset + limit]:
        page.setdefault(f"{_type_of(each)}s", []).append(_view(each))
    more = offset + limit < len(found)
    return {"corporate_actions": page, "next_page_token": str(offset + limit) if more else None}


def _type_of(each: Announcement) -> str:
    if each.ca_type == "dividend":
        return "cash_dividend"
    return "reverse_split" if each.ca_sub_type == "reverse_split" else "forward_split"


def _view(each: Announcement) -> dict[str, Any]:
    """In the shape of its type; rates become JSON numbers."""
    shown: dict[str, Any] = {
        "id": each.id,
        "symbol": each.initiating_symbol,
        "ex_date": each.ex_date,
        "record_date": each.record_date,
        "payable_date": each.payable_date,
        "process_date": each.payable_date,
    }
    if each.ca_type == "dividend":
        cusip = each.initiating_original_cusip
        return shown | {"cusip": cusip, "rate": Decimal(each.cash), "special": False, "foreign": False}
    shown |= {"old_rate": Decimal(each.old_rate), "new_rate": Decimal(each.new_rate)}
    if each.ca_sub_type == "reverse_split":
        return shown | {
            "old_cusip": each.initiating_original_cusip,
            "new_cusip": each.target_original_cusip,
        }
    return shown | {"cusip": each.initiating_original_cusip}


def _date(call: Call, name: str, default: dt.date) -> dt.date:
    text = call.arg(name)
    return parse_date(text, name) if text else default


def _offset(call: Call) -> int:
    token = call.arg("page_token")
    if token and not token.isdigit():
        raise malformed("invalid page_token")
    return int(token or 0)


def _is_descending(call: Call) -> bool:
    sort = call.arg("sort", "asc").lower()
    if sort not in ("asc", "desc"):
        raise malformed("invalid sort: must be asc or desc")
    return sort == "desc"
