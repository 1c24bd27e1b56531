"""Prices as open pages are told them: in the words and figures of the pages themselves. Pure."""

from datetime import UTC

from brokerapp.ui.templatetags.ui import MISSING, delta_words, price, qty
from brokerapp.units.market_time import clock_text, day_text, in_new_york
from trading.models import Quote

NONE = "None"
FIGURES = (
    "last", "previous_close", "bid", "ask", "bid_size", "ask_size", "day_high", "day_low", "day_volume",
    "is_halted",
)  # fmt: skip
"""What has to change of a quote for pages to be told. Not its instant: quotes are made anew all the time."""


def told(quote: Quote) -> list[str]:
    """What `static/js/prices.js` shows of a quote, in its order.

    Last price; change with its fraction, and its direction (`up`, `down`, `` for none, `?` for not known);
    bid and ask, and the same with their sizes; the day's high, low and volume; as of, for people and for
    programs; `halted`, or nothing.
    """
    direction, change = delta_words(quote.change, quote.change_fraction)
    local = in_new_york(quote.as_of)
    return [
        price(quote.last),
        change,
        direction,
        price(quote.bid) if quote.bid else NONE,
        price(quote.ask) if quote.ask else NONE,
        f" × {qty(quote.bid_size)}" if quote.bid and quote.bid_size else "",
        f" × {qty(quote.ask_size)}" if quote.ask and quote.ask_size else "",
        price(quote.day_high),
        price(quote.day_low),
        qty(quote.day_volume) if quote.day_volume is not None else MISSING,
        f"{day_text(local)}, {clock_text(quote.as_of)}",
        f"{quote.as_of.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "halted" if quote.is_halted else "",
    ]
