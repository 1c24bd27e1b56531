"""The market's hours."""

from datetime import date
from functools import partial

from brokerapp.broker.alpaca.client.noun import Noun
from brokerapp.broker.alpaca.models import Clock, MarketDay, Page
from brokerapp.broker.alpaca.models.base import read_page


class MarketClock(Noun):
    """The market's hours now, and on which days."""

    def get(self) -> Clock:
        """GET /v1/clock."""
        return self._send("GET", "/v1/clock", Clock.from_reply)

    def days(self, start: date, end: date) -> Page[MarketDay]:
        """GET /v1/calendar: the days of trading from `start` to `end`, both included."""
        query = {"start": start.isoformat(), "end": end.isoformat()}
        return self._send("GET", "/v1/calendar", partial(read_page, MarketDay), query=query)
