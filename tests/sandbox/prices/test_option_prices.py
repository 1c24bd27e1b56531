import datetime as dt
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from sandbox.instruments.assets import load_assets
from sandbox.instruments.option_contracts import Listings, expirations, known, underlyings
from sandbox.prices.all import AllPrices
from tests.sandbox.process import now_of
from tests.sandbox_process import SandboxProcess

NOW = dt.datetime(2027, 1, 4, 15, 0, tzinfo=dt.UTC)
REAL, ALWAYS = AllPrices(7, load_assets()), AllPrices(7, load_assets(), always_open=True)
NEW_YORK = ZoneInfo("America/New_York")
DATA = "/v1beta1/options"
SECOND, DAY = dt.timedelta(seconds=1), dt.timedelta(days=1)


def some_symbols(step: int = 97) -> list[str]:
    shares = [share for share in underlyings() if share.symbol in ("AAPL", "F", "SPY", "LCID")]
    listings = Listings(REAL.trade)
    found = [
        contract.symbol
        for share in shares
        for contract in listings.contracts(
            share, expirations(NOW), ("call", "put"), Decimal(0), Decimal(10**6)
        )
    ]
    return found[::step]


# The model


@pytest.mark.parametrize("prices", [REAL, ALWAYS])
def test_quote_surrounds_the_trade_in_ticks(prices: AllPrices) -> None:
    for symbol in some_symbols():
        for seconds in (0, 1, 4000):
            at = NOW + seconds * SECOND
            trade, quote = prices.trade(symbol, at), prices.quote(symbol, at)
            assert Decimal("0.01") <= quote.bid <= trade <= quote.ask
            assert quote.bid < quote.ask
            assert trade % (Decimal("0.05") if trade >= 3 else Decimal("0.01")) == 0


def test_trade_is_never_less_than_exercising_brings() -> None:
    for symbol in some_symbols(31):
        contract = known(symbol)
        share = REAL.trade(contract.underlying.symbol, NOW)
        gain = share - contract.strike if contract.kind == "call" else contract.strike - share
        assert REAL.trade(symbol, NOW) >= gain


@pytest.mark.parametrize("prices", [REAL, ALWAYS])
def test_trade_from_the_last_close_on_is_what_exercising_brought(prices: AllPrices) -> None:
    for symbol in some_symbols(61):
        contract = known(symbol)
        share = prices.trade(contract.underlying.symbol, contract.expires_at - SECOND)
        gain = share - contract.strike if contract.kind == "call" else contract.strike - share
        for later in (dt.timedelta(), dt.timedelta(days=30)):
            assert prices.trade(symbol, contract.expires_at + later) == max(gain, Decimal(0))
        assert prices.trade(symbol, contract.expires_at - SECOND) <= max(gain, Decimal(0)) + Decimal("0.50")


def test_trade_rests_while_the_market_is_closed() -> None:
    close = dt.datetime(2027, 1, 8, 21, 0, tzinfo=dt.UTC)
    for symbol in ("AAPL270219C00400000", "AAPL270219P00400000"):
        assert REAL.trade(symbol, close) == REAL.trade(symbol, close + dt.timedelta(days=2))
        monday = close + dt.timedelta(days=3)
        assert REAL.previous_close(symbol, monday) == REAL.trade(symbol, close)


def test_call_and_put_are_in_parity() -> None:
    """A call less a put is the share less the strike, but for interest and ticks."""
    for strike in ("00350000", "00400000", "00450000"):
        call, put = (REAL.trade(f"AAPL270219{kind}{strike}", NOW) for kind in "CP")
        share = REAL.trade("AAPL", NOW)
        parity = share - Decimal(int(strike)) / 1000
        assert abs(call - put - parity) < 3


def test_bars_lead_to_the_last_trade() -> None:
    symbol = "AAPL270219C00400000"
    for timeframe in ("1Min", "5Min", "1Day", "1Week", "1Month"):
        bars = REAL.bars(symbol, timeframe, NOW - dt.timedelta(days=40), NOW, now=NOW)
        assert bars[-1].close == REAL.trade(symbol, NOW)
        assert all(
            bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high for bar in bars
        )
    newest = REAL.bars(symbol, "1Min", NOW - dt.timedelta(days=2), NOW, 3, now=NOW, descending=True)
    assert [bar.timestamp for bar in newest] == sorted((bar.timestamp for bar in newest), reverse=True)


def test_bars_begin_with_the_listing_and_end_with_the_expiry() -> None:
    early, late = dt.datetime(2026, 1, 1, tzinfo=dt.UTC), dt.datetime(2027, 6, 1, tzinfo=dt.UTC)

    bars = REAL.bars("AAPL270108C00400000", "1Day", early, late)

    assert (bars[0].timestamp.date(), bars[-1].timestamp.date()) == (
        dt.date(2026, 11, 13),
        dt.date(2027, 1, 8),
    )


def test_greeks_are_those_of_the_share_volatility() -> None:
    found = REAL.options.greeks("AAPL270219C00400000", NOW)

    assert found is not None
    volatility, greeks = found
    assert volatility == pytest.approx(0.32, abs=0.02)
    assert 0 < greeks.delta < 1
    assert greeks.theta < 0 < greeks.vega
    assert REAL.options.greeks("AAPL270108C00400000", NOW + dt.timedelta(days=30)) is None


# The endpoints


def chain(sandbox: SandboxProcess, **query: str) -> dict[str, Any]:
    return sandbox.get(f"{DATA}/snapshots/AAPL", params=query)


def test_chain_by_page_and_filter(sandbox: SandboxProcess) -> None:
    found, token = {}, ""
    while token is not None:
        page = chain(sandbox, limit="1000", type="call", page_token=token)
        found |= page["snapshots"]
        token = page["next_page_token"]

    listed = sandbox.get(
        "/v1/options/contracts",
        params={
            "underlying_symbols": "AAPL",
            "type": "call",
            "expiration_date_gte": "2026-01-01",
            "limit": "9999",
        },
    )["option_contracts"]
    assert list(found) == [row["symbol"] for row in listed]
    near = [each for each in found.values() if "greeks" in each and 0.2 < each["greeks"]["delta"] < 0.8]
    assert near
    assert all(0.1 < each["impliedVolatility"] < 1 for each in near)


def test_latest_and_snapshots_of_the_same_contracts(sandbox: SandboxProcess) -> None:
    symbols = list(chain(sandbox, limit="5")["snapshots"])
    query = {"symbols": ",".join([*symbols, "AAPL", "NOSUCH270115C00250000"])}

    quotes = sandbox.get(f"{DATA}/quotes/latest", params=query)["quotes"]
    trades = sandbox.get(f"{DATA}/trades/latest", params=query)["trades"]
    snapshots = sandbox.get(f"{DATA}/snapshots", params={**query, "limit": "3"})

    assert set(quotes) == set(trades) == set(symbols)
    assert list(snapshots["snapshots"]) == sorted(symbols)[:3]
    assert snapshots["next_page_token"] == sorted(symbols)[3]
    later = sandbox.get(f"{DATA}/snapshots", params={**query, "updated_since": "2100-01-01"})
    assert later == {"snapshots": {}, "next_page_token": None}


def test_bars_and_trades_by_page(sandbox: SandboxProcess) -> None:
    now = now_of(sandbox)
    far = (now + 100 * DAY).date().isoformat()  # listed for months
    query = {"underlying_symbols": "AAPL", "expiration_date_gte": far, "limit": "2"}
    listed = sandbox.get("/v1/options/contracts", params=query)["option_contracts"]
    symbols = ",".join(row["symbol"] for row in listed)
    begin = now.replace(microsecond=0) - DAY
    today = dt.datetime.combine(now.astimezone(NEW_YORK), dt.time(), NEW_YORK)  # its bar still grows
    days = {"start": (now - 10 * DAY).isoformat(), "end": (today - SECOND).isoformat()}
    for kind, query in (
        ("bars", {"timeframe": "1Day", **days}),
        ("trades", {"start": begin.isoformat(), "end": (begin + 9 * SECOND).isoformat()}),
    ):
        whole = sandbox.get(f"{DATA}/{kind}", params={"symbols": symbols, **query})[kind]
        found: dict[str, list[Any]] = {}
        token = ""
        while token is not None:
            page = sandbox.get(
                f"{DATA}/{kind}", params={"symbols": symbols, **query, "limit": "7", "page_token": token}
            )
            for symbol, rows in page[kind].items():
                found.setdefault(symbol, []).extend(rows)
            token = page["next_page_token"]
        assert found == whole
        assert all(len(rows) > 5 for rows in whole.values())


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("bars", {"symbols": "AAPL270115C00250000"}),
        ("bars", {"symbols": "AAPL270115C00250000", "timeframe": "x"}),
        ("trades", {}),
        ("quotes/latest", {"symbols": ""}),
        ("trades/latest", {"symbols": "X,", "feed": "sip"}),
        ("snapshots", {"symbols": ",".join(f"A{n}" for n in range(101))}),
        ("snapshots/AAPL", {"type": "x"}),
        ("snapshots/AAPL", {"limit": "1001"}),
        ("snapshots/AAPL", {"expiration_date": "x"}),
    ],
)
def test_bad_queries_are_refused_with_a_400(
    sandbox: SandboxProcess, path: str, query: dict[str, str]
) -> None:
    assert sandbox.request("GET", f"{DATA}/{path}", params=query).status_code == 400


def test_chain_of_a_share_without_options(sandbox: SandboxProcess) -> None:
    assert sandbox.request("GET", f"{DATA}/snapshots/BRK.B").status_code == 404
