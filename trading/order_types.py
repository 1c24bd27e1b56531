"""The words of an order, and which prices each type needs. Broker API, "Orders"."""

from collections.abc import Mapping

from django.db.models import TextChoices


class Side(TextChoices):
    """Which way shares go."""

    BUY = "BUY", "Buy"
    SELL = "SELL", "Sell"


class OrderType(TextChoices):
    """At which price an order trades."""

    MARKET = "MARKET", "Market"
    LIMIT = "LIMIT", "Limit"
    STOP = "STOP", "Stop"
    STOP_LIMIT = "STOP_LIMIT", "Stop limit"
    TRAILING_STOP = "TRAILING_STOP", "Trailing stop"


class TimeInForce(TextChoices):
    """How long an order works."""

    DAY = "DAY", "Today"
    GTC = "GTC", "Until canceled"
    OPG = "OPG", "At the open"
    CLS = "CLS", "At the close"
    IOC = "IOC", "At once, in part or whole"
    FOK = "FOK", "At once and whole"


class OrderClass(TextChoices):
    """How an order hangs together with others."""

    SIMPLE = "SIMPLE", "Simple"
    BRACKET = "BRACKET", "With both exits"
    OTO = "OTO", "With one exit"
    OCO = "OCO", "A pair of exits"


PRICES: tuple[str, ...] = ("limit_price", "stop_price", "trail_price", "trail_percent")
"""USD per share; `trail_percent` is a percentage."""

PRICES_OF_TYPE: Mapping[str, tuple[tuple[str, ...], ...]] = {
    OrderType.MARKET: ((),),
    OrderType.LIMIT: (("limit_price",),),
    OrderType.STOP: (("stop_price",),),
    OrderType.STOP_LIMIT: (("limit_price", "stop_price"),),
    OrderType.TRAILING_STOP: (("trail_price",), ("trail_percent",)),
}
"""The sets of prices that each type may have: all of one set, and none of the others."""

EXITS_OF_CLASS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    OrderClass.SIMPLE: ((),),
    OrderClass.BRACKET: (("take_profit_price", "stop_loss_price"),),
    OrderClass.OTO: (("take_profit_price",), ("stop_loss_price",)),
    OrderClass.OCO: (("take_profit_price", "stop_loss_price"),),
}
"""The same for the exits that each class has; `stop_loss_limit_price` may go with a stop loss."""
EXITS: tuple[str, ...] = ("take_profit_price", "stop_loss_price")
