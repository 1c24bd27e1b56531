"""Pages of this app: one service call each, and only the person's own account."""

from trading.views.assets import AssetPage
from trading.views.charts import ChartData, PriceTable
from trading.views.orders import CancelOrder, OrderPage, Orders
from trading.views.portfolio import Portfolio, PositionPage
from trading.views.reviews import OrderReview
from trading.views.search import Search, Suggestions
from trading.views.tickets import OrderTicket, TicketEstimate
from trading.views.watchlists import (
    CreateWatchlist,
    RemoveWatchlist,
    RenameWatchlist,
    Watch,
    WatchlistPage,
)

__all__ = [
    "AssetPage",
    "CancelOrder",
    "ChartData",
    "CreateWatchlist",
    "OrderPage",
    "OrderReview",
    "OrderTicket",
    "Orders",
    "Portfolio",
    "PositionPage",
    "PriceTable",
    "RemoveWatchlist",
    "RenameWatchlist",
    "Search",
    "Suggestions",
    "TicketEstimate",
    "Watch",
    "WatchlistPage",
]
