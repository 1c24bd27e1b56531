"""What an account was worth over time."""

from datetime import datetime

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import PortfolioHistory


class PortfolioHistories(Noun):
    """What an account was worth over time.

    Reference: https://docs.alpaca.markets/reference/get-v1-trading-accounts-account_id-account-portfolio-history.
    """

    def get(self, account_id: Id, *, start: datetime) -> PortfolioHistory:
        """GET …/account/portfolio/history: one value for each trading day from `start` until now."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/account/portfolio/history",
            PortfolioHistory.from_reply,
            ids={"account_id": account_id},
            query={"start": start, "timeframe": "1D"},
        )
