"""Brokerage accounts. Reference: https://docs.alpaca.markets/reference/getallaccounts."""

from collections.abc import Sequence
from functools import partial

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import Account, CreateAccountRequest, NoContent, Page
from brokerapp.broker.alpaca.models.base import read_page


class Accounts(Noun):
    """Brokerage accounts. Reference: https://docs.alpaca.markets/reference/getallaccounts."""

    def create(self, request: CreateAccountRequest) -> Account:
        """POST /v1/accounts. A used e-mail address is refused (409), so a repeat makes no second account.

        One more account of the same person has no address of its own: a repeat makes another.
        """
        return self._send("POST", "/v1/accounts", Account.from_reply, body=request.body())

    def get(self, account_id: Id) -> Account:
        """GET /v1/accounts/{account_id}, all entities. An unknown id is `BrokerRejected` (401)."""
        return self._send(
            "GET", "/v1/accounts/{account_id}", Account.from_reply, ids={"account_id": account_id}
        )

    def list(self, *, query: str | None = None, entities: Sequence[str] = ()) -> Page[Account]:
        """GET /v1/accounts: at most 1,000, newest first.

        Every word of `query` must match the account's number, phone, name or e-mail. `entities=["contact"]`
        adds what the list leaves out.
        """
        return self._send(
            "GET",
            "/v1/accounts",
            partial(read_page, Account),
            query={"query": query, "entities": tuple(entities)},
        )

    def close(self, account_id: Id) -> NoContent:
        """POST /v1/accounts/{account_id}/actions/close: for good; what there was can still be read.

        Refused (4xx) while there is money, a position or an order in it, and once it is closed.
        """
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/actions/close",
            NoContent.from_reply,
            ids={"account_id": account_id},
        )
