"""Addresses of this app."""

from django.urls import path, register_converter

from trading import views
from trading.symbol_addresses import SymbolConverter

app_name = "trading"
register_converter(SymbolConverter, "symbol")

urlpatterns = [
    path("portfolio/", views.Portfolio.as_view(), name="portfolio"),
    # With two parts, so that none of them is ever a symbol.
    path("portfolio/all/positions/", views.PositionsFile.as_view(), name="positions_file"),
    path("portfolio/all/performance/", views.Performance.as_view(), name="performance"),
    path("portfolio/all/chart/", views.EquityChart.as_view(), name="equity_chart"),
    path("portfolio/all/values/", views.EquityTable.as_view(), name="equity_table"),
    path("portfolio/all/gains/<int:year>/", views.RealizedGains.as_view(), name="realized_gains"),
    path("portfolio/all/gains/<int:year>/csv/", views.RealizedGainsCsv.as_view(), name="realized_gains_csv"),
    path("portfolio/<symbol:symbol>/", views.PositionPage.as_view(), name="position"),
    path("trade/", views.Search.as_view(), name="trade"),
    path("trade/suggestions/", views.Suggestions.as_view(), name="suggestions"),
    path("trade/<symbol:symbol>/", views.AssetPage.as_view(), name="asset"),
    path("trade/<symbol:symbol>/order/", views.OrderTicket.as_view(), name="ticket"),
    path("trade/<symbol:symbol>/order/estimate/", views.TicketEstimate.as_view(), name="estimate"),
    path("trade/<symbol:symbol>/chart/", views.ChartData.as_view(), name="chart"),
    path("trade/<symbol:symbol>/prices/", views.PriceTable.as_view(), name="price_table"),
    path("watchlists/", views.WatchlistPage.as_view(), name="watchlists"),
    path("watchlists/new/", views.CreateWatchlist.as_view(), name="create_watchlist"),
    path("watchlists/watch/", views.Watch.as_view(), name="watch"),
    path("watchlists/<uuid:watchlist_id>/", views.WatchlistPage.as_view(), name="watchlist"),
    path("watchlists/<uuid:watchlist_id>/rename/", views.RenameWatchlist.as_view(), name="rename_watchlist"),
    path("watchlists/<uuid:watchlist_id>/remove/", views.RemoveWatchlist.as_view(), name="remove_watchlist"),
    path("orders/", views.Orders.as_view(), name="orders"),
    path("orders/file/", views.OrdersFile.as_view(), name="orders_file"),
    path("orders/cancel-all/", views.CancelAll.as_view(), name="cancel_all"),
    path("orders/cancel-all/outcome/", views.CancelAllOutcome.as_view(), name="cancel_all_outcome"),
    path("orders/review/<str:token>/", views.OrderReview.as_view(), name="order_review"),
    path("orders/<uuid:order_id>/", views.OrderPage.as_view(), name="order"),
    path("orders/<uuid:order_id>/cancel/", views.CancelOrder.as_view(), name="cancel_order"),
    path("orders/<uuid:order_id>/replace/", views.ReplaceOrder.as_view(), name="replace_order"),
    path("orders/<uuid:order_id>/replace/<str:token>/", views.ReplaceReview.as_view(), name="replace_review"),
]
