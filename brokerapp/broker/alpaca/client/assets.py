"""What can be traded."""

from functools import partial
from typing import Literal

from brokerapp.broker.alpaca.client.noun import Noun
from brokerapp.broker.alpaca.models import Asset, Page
from brokerapp.broker.alpaca.models.base import read_page


class Assets(Noun):
    """What can be traded."""

    def list(
        self, *, status: Literal["active", "inactive"] | None = None, asset_class: str | None = None
    ) -> Page[Asset]:
        """GET /v1/assets: thousands, in one reply. Without `asset_class`, US equities."""
        params = {"status": status, "asset_class": asset_class}
        return self._send("GET", "/v1/assets", partial(read_page, Asset), query=params)
