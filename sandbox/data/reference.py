"""Assets, the market clock and the trading calendar."""

import datetime as dt
import functools
from typing import Any

from sandbox.instruments.assets import Asset
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import NEW_YORK, market_date
from sandbox.kernel.trading_calendar import Session
from sandbox.state.api import Call, endpoint, invalid, not_found, parse_date, text_of

EXCHANGES = frozenset(("AMEX", "ARCA", "ASCX", "BATS", "NYSE", "NASDAQ", "NYSEARCA", "OTC"))
LONGEST_CALENDAR = (dt.date(1970, 1, 1), dt.date(2029, 12, 31))
NYSE = {
    "acronym": "NYSE", "bic": "XNYSUS33XXX", "mic": "XNYS", "name": "New York Stock Exchange",
    "timezone": "America/New_York",
}  # fmt: skip


@endpoint("GET", "/v1/assets")
def list_assets(call: Call) -> list[dict[str, Any]]:
    status, kind = call.arg("status", "all").lower(), call.arg("asset_class", "us_equity").lower()
    if status not in ("active", "inactive", "all"):
        raise invalid("invalid status")
    exchange, attributes = call.arg("exchange").upper(), set(call.args("attributes"))
    return [
        asset_view(asset)
        for asset in call.world.all_assets
        if asset.asset_class == kind
        and status in ("all", asset.status)
        and exchange in ("", asset.exchange)
        and (not attributes or attributes.intersection(asset.attributes))
    ]


@endpoint("GET", "/v1/assets/{symbol_or_asset_id:path}")
def get_asset(call: Call) -> dict[str, Any]:
    wanted = call.params["symbol_or_asset_id"]
    asset = call.world.find_asset(wanted)
    if asset is None:
        raise not_found(f"asset not found for {wanted[:60]}")
    return asset_view(asset)


@endpoint("GET", "/v1/clock")
def get_clock(call: Call) -> dict[str, Any]:
    """Instants with the New York offset.

    An always-open market names the exchange's next session: it opens there before it closes, so that no
    client takes the close of today's session for its own.
    """
    opens = trading_calendar.next_open(call.now)
    closes = trading_calendar.next_close(opens if call.world.always_open else call.now)
    return {
        "timestamp": call.now.astimezone(NEW_YORK).isoformat(),
        "is_open": call.world.is_open(call.now),
        "next_open": opens.isoformat(),
        "next_close": closes.isoformat(),
    }


@endpoint("GET", "/v2/clock")
def get_market_clocks(call: Call) -> dict[str, Any]:
    phase, until = _phase(call)
    return {
        "clocks": [
            {
                "market": NYSE,
                "timestamp": call.now.astimezone(NEW_YORK).isoformat(),
                "is_market_day": trading_calendar.session_on(market_date(call.now)) is not None,
                "phase": phase,
                "phase_until": until.isoformat(),
                "next_market_open": trading_calendar.next_open(call.now).isoformat(),
                "next_market_close": trading_calendar.next_close(call.now).isoformat(),
            }
        ]
    }


@endpoint("GET", "/v1/calendar")
def get_calendar(call: Call) -> list[dict[str, Any]]:
    """Sessions from start to end, both included; with date_type SETTLEMENT by settlement date."""
    start, end = _range(call)
    kind = call.arg("date_type", "TRADING").upper()
    if kind not in ("TRADING", "SETTLEMENT"):
        raise invalid("invalid date_type")
    if kind == "TRADING":
        return [_session_view(session) for session in trading_calendar.sessions(start, end)]
    early = trading_calendar.sessions(start - dt.timedelta(days=14), end)
    return [_session_view(session) for session in early if start <= session.settlement_date <= end]


@endpoint("GET", "/v2/calendar/{market}")
def get_market_calendar(call: Call) -> dict[str, Any]:
    if call.params["market"].upper() not in ("NYSE", "XNYS", "NASDAQ", "XNAS", "XNYSUS33XXX"):
        raise not_found("market not found")
    days = [
        {
            "date": session.date.isoformat(),
            "pre_start": session.pre_open.isoformat(),
            "pre_end": session.open.isoformat(),
            "core_start": session.open.isoformat(),
            "core_end": session.close.isoformat(),
            "post_start": session.close.isoformat(),
            "post_end": session.post_close.isoformat(),
            "settlement_date": session.settlement_date.isoformat(),
        }
        for session in trading_calendar.sessions(*_range(call, default_days=7))
    ]
    return {"market": NYSE, "calendar": days}


def asset_view(asset: Asset) -> dict[str, Any]:
    view: dict[str, Any] = {
        "id": asset.id,
        "class": asset.asset_class,
        "exchange": asset.exchange,
        "symbol": asset.symbol,
        "name": asset.name,
        "status": asset.status,
        "tradable": asset.tradable,
        "marginable": asset.marginable,
        "shortable": asset.shortable,
        "easy_to_borrow": asset.easy_to_borrow,
        "fractionable": asset.fractionable,
        "maintenance_margin_requirement": 30 if asset.marginable else 100,
        "margin_requirement_long": "30" if asset.marginable else "100",
        "margin_requirement_short": "30" if asset.marginable else "100",
        "attributes": asset.attributes,
    }
    if asset.shortable:
        view["borrow_status"] = "easy_to_borrow" if asset.easy_to_borrow else "hard_to_borrow"
    if asset.increments is not None:
        view["min_order_size"] = text_of(asset.increments.min_order_size)
        view["min_trade_increment"] = text_of(asset.increments.trade)
        view["price_increment"] = text_of(asset.increments.price)
    return view


@functools.cache  # the whole calendar, which a query without dates asks for, has 15,000 sessions
def _session_view(session: Session) -> dict[str, str]:
    """Open and close with a colon, the extended ones without: as the API prints them."""
    return {
        "date": session.date.isoformat(),
        "open": f"{session.open:%H:%M}",
        "close": f"{session.close:%H:%M}",
        "session_open": f"{session.pre_open:%H%M}",
        "session_close": f"{session.post_close:%H%M}",
        "settlement_date": session.settlement_date.isoformat(),
    }


def _range(call: Call, default_days: int = 0) -> tuple[dt.date, dt.date]:
    first, last = LONGEST_CALENDAR
    if default_days:
        first = market_date(call.now)
        last = first + dt.timedelta(days=default_days)
    start = parse_date(call.arg("start"), "start") if call.arg("start") else first
    end = parse_date(call.arg("end"), "end") if call.arg("end") else max(last, start)
    if end < start:
        raise invalid("end must not be before start")
    return max(start, LONGEST_CALENDAR[0]), min(end, LONGEST_CALENDAR[1])


def _phase(call: Call) -> tuple[str, dt.datetime]:
    now, session = call.now, trading_calendar.session_on(market_date(call.now))
    if session is not None:
        steps = (
            ("closed", session.pre_open),
            ("pre", session.open),
            ("core", session.close),
            ("post", session.post_close),
        )
        for phase, until in steps:
            if now < until:
                return phase, until
    return "closed", trading_calendar.next_session(market_date(now)).pre_open
