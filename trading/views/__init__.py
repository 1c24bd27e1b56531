"""Pages of this app: one service call each, and only the person's own account."""

from trading.views.assets import AssetPage, Search
from trading.views.charts import ChartData, PriceTable
from trading.views.orders import CancelOrder, OrderPage, OrderReview, Orders
from trading.views.portfolio import Portfolio, PositionPage

__all__ = [
    "AssetPage",
    "CancelOrder",
    "ChartData",
    "OrderPage",
    "OrderReview",
    "Orders",
    "Portfolio",
    "PositionPage",
    "PriceTable",
    "Search",
]
