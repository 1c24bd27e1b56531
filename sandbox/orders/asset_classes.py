"""Who answers for the orders in an instrument: one object for each asset class, found by the symbol."""

from sandbox.instruments.asset_classes import asset_class_of
from sandbox.orders.crypto.coins import CoinTrading
from sandbox.orders.options.contracts import OptionTrading
from sandbox.orders.shares import ShareTrading

TRADING: dict[object, ShareTrading] = {
    trading.asset_class: trading for trading in (ShareTrading(), CoinTrading(), OptionTrading())
}


def trading_of(symbol: str) -> ShareTrading:
    return TRADING[asset_class_of(symbol)]
