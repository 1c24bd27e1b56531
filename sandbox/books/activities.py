"""Account activities: fills and everything else that moved cash, newest first, by page."""

import bisect
import datetime as dt
import heapq
import itertools
from collections.abc import Iterator
from typing import Any

from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel.clock import NEW_YORK
from sandbox.state import rows
from sandbox.state.api import Call, endpoint, instant_text, invalid, text_of, uuid_of, words
from sandbox.state.world import HAS_PAST, World

Activity = rows.Fill | rows.Entry
PAGE = 100
TYPES = words(
    "FILL ACATC ACATS CFEE CGD CIL CSD CSW DIV DIVCGL DIVCGS DIVNRA DIVROC DIVTXEX DIVWH EXTRD FEE FOPT "
    "FXTRD INT INTPNL JNLC JNLS MA MEM NC OCT OPASN OPCA OPCSH OPEXC OPEXP OPTRD PTC REO REORG SPIN "
    "SPLIT SWP VOF WH"
)


@endpoint("GET", "/v1/accounts/activities")
def list_activities(call: Call) -> list[dict[str, Any]]:
    """Of one account or, without account_id, of all. ``page_token`` is the id of the last one read."""
    return _page(call, set(call.args("activity_types", "activity_type")))


@endpoint("GET", "/v1/accounts/activities/{activity_type}")
def list_activities_of_type(call: Call) -> list[dict[str, Any]]:
    return _page(call, {call.params["activity_type"]})


def _page(call: Call, types: set[str]) -> list[dict[str, Any]]:
    category, order_id = call.arg("category"), call.arg("order_id")
    if category and types:
        raise invalid("category and activity_types are mutually exclusive")
    if category not in ("", "trade_activity", "non_trade_activity"):
        raise invalid("invalid category")
    if types - TYPES:
        raise invalid("invalid activity_types")
    direction = call.arg("direction", "desc").lower()
    if direction not in ("asc", "desc"):
        raise invalid("invalid direction: must be asc or desc")
    after, until = _from_page(call, *_bounds(call), descending=direction == "desc")
    default = 10**9 if call.arg("date") else PAGE
    size = call.number("page_size", default, 1, PAGE) if call.arg("page_size") else default
    fills, entries = _sources(call)
    if category == "trade_activity" or types == {"FILL"} or order_id:
        entries = []
    if category == "non_trade_activity" or (types and "FILL" not in types):
        fills = []
    wanted = uuid_of(order_id) if order_id else ""
    found = (
        activity
        for activity in _ordered(fills, entries, after, until, descending=direction == "desc")
        if (not types or _type_of(activity) in types)
        and (not wanted or (isinstance(activity, rows.Fill) and activity.order_id == wanted))
    )
    page = itertools.islice(_from_token(call, found), size)
    return [activity_view(call.world, activity) for activity in page]


def activity_view(world: World, activity: Activity) -> dict[str, Any]:
    """The two shapes of the API, told apart by activity_type FILL."""
    if isinstance(activity, rows.Entry):
        view = {
            "id": activity.id,
            "account_id": activity.account_id,
            "activity_type": activity.activity_type,
            "date": activity.date.isoformat(),
            "net_amount": text_of(activity.net_amount),
            "description": activity.description,
            "currency": "USD",
            "status": "executed",
            "created_at": instant_text(activity.at),
        }
        if activity.activity_sub_type:
            view["activity_sub_type"] = activity.activity_sub_type
        if activity.transfer_id:
            view["transfer_id"] = activity.transfer_id
        if activity.symbol:
            view["symbol"] = asset_class_of(activity.symbol).shown(activity.symbol)
        for name in ("qty", "price", "per_share_amount"):
            value = getattr(activity, name)
            if value is not None:
                view[name] = text_of(value)
        return view
    order = world.store.orders.rows[activity.order_id]
    return {
        "id": activity.id,
        "account_id": activity.account_id,
        "activity_type": "FILL",
        "transaction_time": instant_text(activity.at),
        "type": "partial_fill" if activity.partial else "fill",
        "price": text_of(activity.price),
        "qty": text_of(activity.qty),
        "side": order.side,
        "symbol": order.symbol,
        "leaves_qty": text_of(activity.leaves_qty),
        "order_id": activity.order_id,
        "cum_qty": text_of(activity.cum_qty),
        "order_status": "partially_filled" if activity.partial else "filled",
    }


def _sources(call: Call) -> tuple[list[rows.Fill], list[rows.Entry]]:
    store, account_id = call.world.store, call.arg("account_id")
    if not account_id and call.world.setting(HAS_PAST):
        return sorted(store.fills, key=_at), sorted(store.entries, key=_at)
    if not account_id:
        return list(store.fills), list(store.entries)
    call.params = {**call.params, "account_id": account_id}
    account = call.account()
    return store.fills.of(account.id), store.entries.of(account.id)


def _bounds(call: Call) -> tuple[dt.datetime | None, dt.datetime | None]:
    """From (exclusive) and to (exclusive); ``date`` is a New York day."""
    after, until = call.instant("after"), call.instant("until")
    day = call.instant("date")
    if day is None:
        return after, until
    if after or until:
        raise invalid("date cannot be combined with after or until")
    start = dt.datetime.combine(day.date(), dt.time(0), NEW_YORK)
    end = dt.datetime.combine(day.date() + dt.timedelta(days=1), dt.time(0), NEW_YORK)
    return start - dt.timedelta(microseconds=1), end


def _ordered(
    fills: list[rows.Fill],
    entries: list[rows.Entry],
    after: dt.datetime | None,
    until: dt.datetime | None,
    *,
    descending: bool,
) -> Iterator[Activity]:
    """Both lists are in order of time already: cut, then merge lazily."""
    parts: list[list[Any]] = []
    for source in (fills, entries):
        low = bisect.bisect_right(source, after, key=_at) if after else 0
        high = bisect.bisect_left(source, until, key=_at) if until else len(source)
        part: list[Any] = source[low:high]
        if descending:
            part.reverse()
        parts.append(part)
    return heapq.merge(*parts, key=_at, reverse=descending)


def _from_page(
    call: Call, after: dt.datetime | None, until: dt.datetime | None, *, descending: bool
) -> tuple[dt.datetime | None, dt.datetime | None]:
    """Bounds tightened to the instant of the page token's activity, so that a deep page costs no more."""
    token, store = call.arg("page_token"), call.world.store
    last = store.fills.get(token) or store.entries.get(token)
    if last is None:
        return after, until
    tick = dt.timedelta(microseconds=1)
    if descending:
        return after, min(filter(None, (until, last.at + tick)))
    return max(filter(None, (after, last.at - tick))), until


def _from_token(call: Call, found: Iterator[Activity]) -> Iterator[Activity]:
    """What comes after the activity the token names."""
    token = call.arg("page_token")
    if not token:
        return found
    store = call.world.store
    if token not in store.fills.rows and token not in store.entries.rows:
        raise invalid("invalid page_token")
    return itertools.islice(itertools.dropwhile(lambda activity: activity.id != token, found), 1, None)


def _type_of(activity: Activity) -> str:
    return "FILL" if isinstance(activity, rows.Fill) else activity.activity_type


def _at(activity: Activity) -> dt.datetime:
    return activity.at
