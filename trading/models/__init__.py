"""Assets, quotes, orders, fills and positions: what is true of one row."""

from trading.models.bars import Bar, BarSeries
from trading.models.instruments import (
    QUOTE_FRESH_FOR,
    Asset,
    MarketClock,
    MarketDay,
    Quote,
    QuotePause,
    ScreenedAsset,
)
from trading.models.orders import REVISED_NOTE, Fill, Order, OrderProgress
from trading.models.positions import Position, PositionsSync
from trading.models.watchlists import Watchlist, WatchlistItem

__all__ = [
    "QUOTE_FRESH_FOR",
    "REVISED_NOTE",
    "Asset",
    "Bar",
    "BarSeries",
    "Fill",
    "MarketClock",
    "MarketDay",
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
