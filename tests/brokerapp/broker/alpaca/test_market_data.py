import json
from dataclasses import replace
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from brokerapp.broker.alpaca.errors import BrokerMisconfigured, BrokerOutcomeUnknown, BrokerRejected
from brokerapp.broker.alpaca.market_data import MAX_CALLS, BarsWanted, MarketDataClient
from tests.brokerapp.broker.alpaca.conftest import BASE, REQUEST_ID

WANTED = BarsWanted("1Day", datetime(2026, 1, 1, tzinfo=UTC))
HEADERS = {"X-Request-ID": REQUEST_ID}
BAR = {
    "t": "2026-03-02T05:00:00Z",
    "o": 1.1,
    "h": 2.2,
    "l": 0.3,
    "c": 1.7,
    "v": 56457696,
    "n": 3,
    "vw": 1.743391,
}


@pytest.fixture
def market(transport):
    return MarketDataClient(transport)


def test_get_snapshots_reads_numbers_exactly(market, broker):
    broker.get(
        f"{BASE}/v2/stocks/snapshots",
        body='{"AAPL": {"latestTrade": {"t": "2026-03-02T15:00:00Z", "p": 0.10000000000000001}}, "TSLA": {}}',
        headers=HEADERS,
    )

    found = market.get_snapshots(["AAPL", "TSLA"])

    assert broker.calls[0].request.params == {"symbols": "AAPL,TSLA"}
    assert found["AAPL"].latest_trade.price == Decimal("0.10000000000000001")
    assert found["TSLA"].latest_trade is None
    assert found.request_id == found["AAPL"].request_id == REQUEST_ID


def test_get_bars_gives_a_page_and_the_token_of_the_next(market, broker):
    broker.get(
        f"{BASE}/v2/stocks/bars", json={"bars": {"AAPL": [BAR]}, "next_page_token": "n"}, headers=HEADERS
    )
    broker.get(f"{BASE}/v2/stocks/bars", json={"bars": None, "next_page_token": None}, headers=HEADERS)

    first = market.get_bars(["AAPL"], WANTED)
    last = market.get_bars(["AAPL"], replace(WANTED, page_token=first.next_page_token))

    assert first["AAPL"][0].close == Decimal("1.7")
    assert first.next_page_token == "n"
    assert (dict(last), last.next_page_token, last.request_id) == ({}, "", REQUEST_ID)


def test_get_snapshots_leaves_out_the_symbol_it_cannot_read(market, broker, caplog):
    broker.get(f"{BASE}/v2/stocks/snapshots", json={"AAPL": {}, "KUBTY": None, "TSLA": {"latestTrade": 7}})

    found = market.get_snapshots(["AAPL", "KUBTY", "TSLA"])

    assert (list(found), found.unreadable) == (["AAPL"], 2)
    assert "model_type" in caplog.text


@pytest.mark.parametrize("body", ["[]", "null", '"x"', "7"])
def test_get_snapshots_that_are_no_map_are_unreadable(market, broker, body):
    broker.get(f"{BASE}/v2/stocks/snapshots", body=body)

    with pytest.raises(BrokerOutcomeUnknown):
        market.get_snapshots(["AAPL"])


def test_get_bars_leaves_out_the_bar_it_cannot_read(market, broker):
    bars = {"AAPL": [BAR, {"t": None}, None], "KUBTY": None}
    broker.get(f"{BASE}/v2/stocks/bars", json={"bars": bars, "next_page_token": "n"})

    found = market.get_bars(["AAPL", "KUBTY"], WANTED)

    assert ({symbol: len(each) for symbol, each in found.items()}, found.unreadable) == ({"AAPL": 1}, 3)
    assert found.next_page_token == "n"


def refusing(broker, refused, message):
    """Have batches with one of these symbols refused, and count the calls."""
    asked = []

    def answer(request):
        symbols = request.params["symbols"].split(",")
        asked.append(symbols)
        if culprits := [symbol for symbol in symbols if symbol in refused]:
            return 400, {}, json.dumps({"message": message.format(culprits[0])})
        return 200, HEADERS, json.dumps({symbol: {} for symbol in symbols})

    broker.add_callback("GET", f"{BASE}/v2/stocks/snapshots", callback=answer)
    return asked


HUNDRED = [f"S{number:02}" for number in range(100)]


@pytest.mark.parametrize(
    "message", ["invalid symbol: {}", 'symbol "{}" is not valid', "{}.", "code=400: ({})"]
)
def test_get_snapshots_asks_again_without_the_symbol_that_a_refusal_names(market, broker, caplog, message):
    asked = refusing(broker, {"S07", "S50"}, message)

    found = market.get_snapshots(HUNDRED)

    assert set(found) == set(HUNDRED) - {"S07", "S50"}
    assert (found.unreadable, found.refused) == (2, ["S07", "S50"])
    assert len(asked) == 3
    assert "2 of 100 symbols were refused" in caplog.text


def test_get_snapshots_finds_a_symbol_that_a_refusal_does_not_name(market, broker):
    asked = refusing(broker, {"S07"}, "invalid symbol")

    found = market.get_snapshots(HUNDRED)

    assert len(found) >= 96
    assert "S07" not in found
    assert found.unreadable == 100 - len(found)
    assert len(asked) <= MAX_CALLS


def test_get_snapshots_of_refused_symbols_alone_is_refused_in_a_bounded_number_of_calls(market, broker):
    asked = refusing(broker, set(HUNDRED), "no")

    with pytest.raises(BrokerRejected):
        market.get_snapshots(HUNDRED)

    assert len(asked) == MAX_CALLS


def test_get_snapshots_asks_once_where_the_refusal_is_not_about_symbols(market, broker):
    broker.get(f"{BASE}/v2/stocks/snapshots", status=403, json={"message": "forbidden."})

    with pytest.raises(BrokerMisconfigured):
        market.get_snapshots(HUNDRED)

    assert len(broker.calls) == 1


def test_get_corporate_actions_counts_what_is_no_action(market, broker):
    split = {
        "id": "7b8d9a3c-1f0e-4c55-9d7b-0a1b2c3d4e5f",
        "symbol": "AAPL",
        "ex_date": "2026-03-02",
        "old_rate": "1",
        "new_rate": "4",
    }
    listed = {"forward_splits": [split, None, "x", {}], "cash_dividends": "x", "stock_mergers": None}
    broker.get(f"{BASE}/v1/corporate-actions", json={"corporate_actions": listed}, headers=HEADERS)

    day = date(2026, 3, 2)
    found = market.get_corporate_actions(["AAPL"], start=day, end=day).actions

    assert [(action.symbol, action.kind) for action in found] == [("AAPL", "forward_splits")]
    assert found.unreadable == 4
