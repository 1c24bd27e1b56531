"""The market's hours now."""

from brokerapp.broker.alpaca.client.noun import Noun
from brokerapp.broker.alpaca.models import Clock


class MarketClock(Noun):
    """The market's hours now."""

    def get(self) -> Clock:
        """GET /v1/clock."""
        return self._send("GET", "/v1/clock", Clock.from_reply)
