"""Balances and blocks of an account."""

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import TradeAccount


class TradingAccounts(Noun):
    """Balances and blocks of an account."""

    def get(self, account_id: Id) -> TradeAccount:
        """GET /v1/trading/accounts/{account_id}/account: balances and blocks."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/account",
            TradeAccount.from_reply,
            ids={"account_id": account_id},
        )
