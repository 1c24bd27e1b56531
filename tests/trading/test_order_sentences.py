from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from trading.models import Asset
from trading.order_sentences import sentence
from trading.order_spec import OrderSpec

ASSET = Asset(id=uuid4(), symbol="AAPL", name="Apple")
D = Decimal


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({}, "Buy 10 shares of Apple at market"),
        ({"qty": D(1), "side": "SELL"}, "Sell 1 share of Apple at market"),
        ({"type": "LIMIT", "limit_price": D(190)}, "Buy 10 shares of Apple at $190.00 or less"),
        ({"type": "LIMIT", "limit_price": D("0.1234")}, "Buy 10 shares of Apple at $0.1234 or less"),
        ({"type": "STOP", "stop_price": D(180), "side": "SELL"},
         "Sell 10 shares of Apple at market once the price falls to $180.00"),
        ({"type": "STOP_LIMIT", "stop_price": D(210), "limit_price": D(212)},
         "Buy 10 shares of Apple at $212.00 or less once the price rises to $210.00"),
        ({"type": "TRAILING_STOP", "trail_percent": D("1.5"), "side": "SELL"},
         "Sell 10 shares of Apple at market once the price falls 1.5% below its highest from now on"),
        ({"type": "TRAILING_STOP", "trail_price": D(2)},
         "Buy 10 shares of Apple at market once the price rises $2.00 above its lowest from now on"),
        ({"order_class": "BRACKET", "take_profit_price": D(220), "stop_loss_price": D(180)},
         ("Buy 10 shares of Apple at market, then sell at $220.00 or more, or at market once the price falls "
          "to $180.00")),
        ({"order_class": "OTO", "stop_loss_price": D(180), "stop_loss_limit_price": D(179)},
         "Buy 10 shares of Apple at market, then sell at $179.00 or more once the price falls to $180.00"),
        ({"order_class": "OCO", "type": "LIMIT", "side": "SELL", "take_profit_price": D(220),
          "stop_loss_price": D(180)},
         "Sell 10 shares of Apple at $220.00 or more, or at market once the price falls to $180.00"),
    ],
)  # fmt: skip
def test_sentence(values: dict[str, Any], text: str) -> None:
    ticket = OrderSpec(**{"asset": ASSET, "side": "BUY", "qty": D(10), **values})

    assert sentence(ticket, ticket.qty) == text


def test_sentence_in_dollars() -> None:
    ticket = OrderSpec(asset=ASSET, side="BUY", notional=D(250))

    assert sentence(ticket, D("1.25")) == "Buy about 1.25 shares of Apple for $250.00 at market"
    assert sentence(ticket, None) == "Buy $250.00 of Apple at market"
