"""Assets, quotes, orders, fills and positions: what is true of one row."""

from trading.models.bars import Bar, BarSeries
from trading.models.fills import Fill
from trading.models.instruments import (
    QUOTE_FRESH_FOR,
    Asset,
    MarketClock,
    Quote,
    QuotePause,
    ScreenedAsset,
)
from trading.models.orders import (
    CANCEL_ASKED,
    CANCEL_REFUSED,
    REVISED_NOTE,
    Order,
    OrderProgress,
)
from trading.models.positions import Position, PositionsSync
from trading.models.watchlists import Watchlist, WatchlistItem

__all__ = [
    "CANCEL_ASKED",
    "CANCEL_REFUSED",
    "QUOTE_FRESH_FOR",
    "REVISED_NOTE",
    "Asset",
    "Bar",
    "BarSeries",
    "Fill",
    "MarketClock",
    "Order",
    "OrderProgress",
    "Position",
    "PositionsSync",
    "Quote",
    "QuotePause",
    "ScreenedAsset",
    "Watchlist",
    "WatchlistItem",
]
