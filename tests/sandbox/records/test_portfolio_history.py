import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.floor import Floor, floor

__all__ = ["floor"]
PATH = "/account/portfolio/history"
DAY = 86_400
THANKSGIVING = dt.datetime(2026, 11, 26, 15, 0, tzinfo=dt.UTC)


def total(values: list[Any]) -> Decimal:
    return sum((Decimal(str(value)) for value in values), Decimal(0))


def test_history_ends_at_what_the_account_is_worth(floor: Floor) -> None:
    floor.hold("10")
    floor.broker.advance(3 * DAY)
    floor.price("120")

    history = floor.get(PATH, period="1W", timeframe="1D")

    assert len(history["timestamp"]) == len(history["equity"]) == 4
    assert history["timestamp"] == sorted(history["timestamp"])
    assert Decimal(str(history["equity"][-1])) == floor.balance("equity")
    assert history["timeframe"] == "1D"
    assert history["cashflow"] == {}


def test_profit_is_counted_from_the_day_before_or_from_the_base(floor: Floor) -> None:
    floor.hold("10")
    floor.broker.advance(2 * DAY)
    floor.broker.request("POST", f"/_sandbox/accounts/{floor.account}/deposit", {"amount": "500"})
    floor.broker.advance(DAY)

    daily = floor.get(PATH, period="2D", timeframe="1D")
    whole = floor.get(PATH, period="4D", timeframe="1D", pnl_reset="no_reset", cashflow_types="ALL")

    assert daily["base_value_asof"] == "2027-01-05"
    assert daily["profit_loss"] == [500, 0]
    assert daily["profit_loss_pct"][0] == pytest.approx(500 / daily["base_value"], abs=1e-6)
    assert "base_value_asof" not in whole, "the account had no close before"
    assert whole["profit_loss"] == [0, 0, 500, 500]
    assert whole["cashflow"] == {"CSD": [10_000, 0, 500, 0]}


def test_intraday_history_keeps_to_the_hours(floor: Floor) -> None:
    floor.broker.advance(DAY)

    regular = floor.get(PATH, period="1D", timeframe="15Min")
    extended = floor.get(PATH, period="1D", timeframe="15M", intraday_reporting="extended_hours")

    first = regular["timestamp"][0]
    assert [second - first for second in regular["timestamp"]] == [0, 900, 1800], "from 9:30 to now"
    assert regular["equity"] == [10_000] * 3
    assert extended["timestamp"][0] == first - int(5.5 * 3600)
    assert (regular["timeframe"], extended["timeframe"]) == ("15Min", "15Min")


def test_shares_are_worth_what_they_were_then(floor: Floor) -> None:
    floor.broker.advance(60)
    before = floor.broker.world.clock.now()
    floor.hold("10")
    floor.broker.advance(3600)

    history = floor.get(PATH, period="1D", timeframe="1Min")

    # Bought at the ask, a cent above the trade: ten cents are lost at the minute of the purchase.
    worth = dict(zip(history["timestamp"], history["equity"], strict=True))
    assert worth[int(before.timestamp()) // 60 * 60] == 10_000
    assert history["equity"][-1] == 9_999.9


@pytest.mark.parametrize(
    "query",
    [
        {"period": "1X"},
        {"period": "0D"},
        {"timeframe": "2Min"},
        {"period": "3M", "timeframe": "15Min"},
        {"period": "2W", "timeframe": "1Min"},
        {"pnl_reset": "weekly"},
        {"intraday_reporting": "always"},
        {"start": "2027-01-01", "end": "2027-01-02", "period": "1D"},
        {"start": "soon"},
    ],
)
def test_bad_query_is_refused(floor: Floor, query: dict[str, str]) -> None:
    answer = floor.send("GET", PATH, **query)

    assert (answer.status, answer.body["code"]) == (422, 40010001)


@pytest.mark.parametrize(
    "query",
    [{}, {"period": "999A"}, {"start": "2027-01-01"}, {"end": "1950-01-01"}, {"date_end": "2027-01-04"}],
)
def test_any_span_is_answered(floor: Floor, query: dict[str, str]) -> None:
    history = floor.get(PATH, **query)

    assert len(history["timestamp"]) == len(history["equity"]) == len(history["profit_loss"])


@pytest.mark.parametrize("timeframe", ["15Min", "1D"])
def test_account_opened_on_a_holiday_has_no_history_before_its_first_session(
    tmp_path: Path, timeframe: str
) -> None:
    floor = Floor(tmp_path / "state", market="real", begin=THANKSGIVING)
    on_the_day = floor.get(PATH, period="1W", timeframe=timeframe)
    assert (on_the_day["timestamp"], on_the_day["equity"], on_the_day["base_value"]) == ([], [], 0)

    floor.broker.advance(DAY)
    later = floor.get(PATH, period="1W", timeframe=timeframe)
    assert later["equity"]
    assert set(later["equity"]) == {10_000}
    floor.broker.stop()
