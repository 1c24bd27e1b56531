"""What an account holds."""

from functools import partial

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import Page, Position
from brokerapp.broker.alpaca.models.base import read_page


class Positions(Noun):
    """What an account holds."""

    def list(self, account_id: Id) -> Page[Position]:
        """GET /v1/trading/accounts/{account_id}/positions."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/positions",
            partial(read_page, Position),
            ids={"account_id": account_id},
        )
