"""Balances and blocks of an account."""

from typing import Any

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import Details, TradeAccount


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

    def get_configuration(self, account_id: Id) -> Details:
        """GET /v1/trading/accounts/{account_id}/account/configurations: what its owner allows."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/account/configurations",
            Details.from_reply,
            ids={"account_id": account_id},
        )

    def configure(self, account_id: Id, changes: dict[str, Any]) -> Details:
        """PATCH of the same: `max_margin_multiplier` ("1", "2"), `no_shorting`, others by Alpaca's names."""
        return self._send(
            "PATCH",
            "/v1/trading/accounts/{account_id}/account/configurations",
            Details.from_reply,
            ids={"account_id": account_id},
            body=changes,
        )
