"""Pages of this app: one service call each, and only the person's own account."""

from trading.views.assets import AssetPage
from trading.views.charts import ChartData, PriceTable
from trading.views.orders import (
    CancelAll,
    CancelAllOutcome,
    CancelOrder,
    OrderPage,
    Orders,
    OrdersFile,
)
from trading.views.performance import (
    EquityChart,
    EquityTable,
    Performance,
    RealizedGains,
    RealizedGainsCsv,
)
from trading.views.portfolio import Portfolio, PositionPage
from trading.views.positions_file import PositionsFile
from trading.views.replaces import ReplaceOrder, ReplaceReview
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
    "CancelAll",
    "CancelAllOutcome",
    "CancelOrder",
    "ChartData",
    "CreateWatchlist",
    "EquityChart",
    "EquityTable",
    "OrderPage",
    "OrderReview",
    "OrderTicket",
    "Orders",
    "OrdersFile",
    "Performance",
    "Portfolio",
    "PositionPage",
    "PositionsFile",
    "PriceTable",
    "RealizedGains",
    "RealizedGainsCsv",
    "RemoveWatchlist",
    "RenameWatchlist",
    "ReplaceOrder",
    "ReplaceReview",
    "Search",
    "Suggestions",
    "TicketEstimate",
    "Watch",
    "WatchlistPage",
]
