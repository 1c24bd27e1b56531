"""The market's trading days."""

from datetime import date
from functools import partial
from typing import Any

from brokerapp.broker.alpaca.client.noun import Noun
from brokerapp.broker.alpaca.models import CalendarDay, Page
from brokerapp.broker.alpaca.models.base import read_page


class Calendar(Noun):
    """The market's trading days."""

    def list(self, start: date, end: date) -> Page[CalendarDay]:
        """GET /v1/calendar: the trading days from `start` to `end`, both included (New York dates)."""
        params: dict[str, Any] = {"start": start, "end": end}
        return self._send("GET", "/v1/calendar", partial(read_page, CalendarDay), query=params)
