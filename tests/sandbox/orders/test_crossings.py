"""Orders fill at the prices of time that the clock skipped."""

import datetime as dt
from decimal import Decimal

import pytest

from sandbox.prices.bars import Bar
from sandbox.prices.market import PriceProcess
from tests.sandbox.floor import Floor, floor

__all__ = ["floor"]
GTC = {"time_in_force": "gtc"}


def skip_a_day(floor: Floor, low: str, high: str) -> Bar:
    """Move the clock by a day whose prices lie between two."""
    at = floor.broker.world.clock.now() + dt.timedelta(hours=1)
    prices = {"open": Decimal(100), "high": Decimal(high), "low": Decimal(low), "close": Decimal(100)}
    bar = Bar(timestamp=at, **prices, volume=1, trade_count=1, vwap=Decimal(100))
    floor.prices.bars = lambda *_, **__: [bar]  # type: ignore[method-assign]
    floor.broker.advance(86_400)
    return bar


@pytest.mark.parametrize(
    ("side", "members", "low", "high", "price"),
    [
        ("buy", {"type": "limit", "limit_price": "95"}, "94", "100", "95"),
        ("sell", {"type": "limit", "limit_price": "105"}, "100", "106", "105"),
        ("buy", {"type": "stop", "stop_price": "104"}, "100", "106", "104"),
        ("sell", {"type": "stop", "stop_price": "96"}, "95", "100", "96"),
        ("sell", {"type": "stop_limit", "stop_price": "96", "limit_price": "95"}, "94", "100", "96"),
    ],
)
def test_order_fills_at_the_price_it_waited_for(
    floor: Floor, side: str, members: dict[str, str], low: str, high: str, price: str
) -> None:
    if side == "sell":
        floor.hold("1")
    order = floor.order(side=side, qty="1", **members, **GTC)

    skip_a_day(floor, low, high)

    assert floor.read(order["id"])["filled_avg_price"] == price


def test_day_order_that_was_never_reached_expires(floor: Floor) -> None:
    order = floor.order(qty="1", type="limit", limit_price="95")

    skip_a_day(floor, "96", "100")

    assert floor.read(order["id"])["status"] == "expired"


def test_market_order_of_a_day_that_was_skipped_has_filled(floor: Floor) -> None:
    floor.broker.world.always_open = False
    floor.broker.advance(11 * 3600)
    order = floor.place(qty="1").body

    floor.broker.advance(7 * 86_400)

    assert floor.read(order["id"])["status"] == "filled"


def test_real_prices_decide(floor: Floor) -> None:
    """The lowest price of the skipped day is reached, a lower one is not."""
    world = floor.broker.world
    world.prices = PriceProcess(1, world.all_assets, always_open=True)
    now = world.clock.now()
    bars = world.prices.bars("AAPL", "1Min", now + dt.timedelta(minutes=2), now + dt.timedelta(hours=20))
    low = min(bar.low for bar in bars)
    assert low < world.prices.trade("AAPL", now)
    reached, missed = (
        floor.order(qty="1", type="limit", limit_price=str(price), **GTC)
        for price in (low + Decimal("0.01"), low - 5)
    )

    floor.broker.advance(20 * 3600)

    assert floor.read(reached["id"])["status"] == "filled"
    assert floor.read(missed["id"])["status"] == "new"
