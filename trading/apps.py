from django.apps import AppConfig


class TradingConfig(AppConfig):
    """Assets and quotes, orders and fills, positions."""

    name = "trading"
