"""Assets, quotes, orders, fills and positions: what is true of one row."""

from trading.models.bars import Bar, BarSeries
from trading.models.corporate_actions import CorporateAction, CorporateActionsSync
from trading.models.fills import Fill
from trading.models.gains import ClosedLot, ExternalFlow, GainBook, HeldLot
from trading.models.instruments import (
    QUOTE_FRESH_FOR,
    Asset,
    MarketClock,
    MarketDay,
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
from trading.models.snapshots import DailyEquity, EquityPoint, EquitySync
from trading.models.watchlists import Watchlist, WatchlistItem

__all__ = [
    "CANCEL_ASKED",
    "CANCEL_REFUSED",
    "QUOTE_FRESH_FOR",
    "REVISED_NOTE",
    "Asset",
    "Bar",
    "BarSeries",
    "ClosedLot",
    "CorporateAction",
    "CorporateActionsSync",
    "DailyEquity",
    "EquityPoint",
    "EquitySync",
    "ExternalFlow",
    "Fill",
    "GainBook",
    "HeldLot",
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
