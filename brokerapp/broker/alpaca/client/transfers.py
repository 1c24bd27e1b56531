"""Money between a bank and an account."""

from functools import partial

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import CreateTransferRequest, Page, Transfer
from brokerapp.broker.alpaca.models.base import read_page


class Transfers(Noun):
    """Money between a bank and an account."""

    def create(self, account_id: Id, request: CreateTransferRequest) -> Transfer:
        """POST /v1/accounts/{account_id}/transfers. No idempotency key: a repeat is a second transfer."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/transfers",
            Transfer.from_reply,
            ids={"account_id": account_id},
            body=request.body(),
        )

    def list(self, account_id: Id, *, limit: int | None = None, offset: int | None = None) -> Page[Transfer]:
        """GET /v1/accounts/{account_id}/transfers, newest first."""
        return self._send(
            "GET",
            "/v1/accounts/{account_id}/transfers",
            partial(read_page, Transfer),
            ids={"account_id": account_id},
            query={"limit": limit, "offset": offset},
        )
