"""Brokerage accounts. Reference: https://docs.alpaca.markets/reference/getallaccounts."""

from collections.abc import Sequence
from functools import partial

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import (
    Account,
    CreateAccountRequest,
    Details,
    NoContent,
    OptionsApproval,
    OptionsApprovals,
    Page,
    UpdateAccountRequest,
)
from brokerapp.broker.alpaca.models.base import read_page


class Accounts(Noun):
    """Brokerage accounts. Reference: https://docs.alpaca.markets/reference/getallaccounts."""

    def create(self, request: CreateAccountRequest) -> Account:
        """POST /v1/accounts. A used e-mail address is refused (409), so a repeat makes no second account.

        One more account of the same person has no address of its own: a repeat makes another.
        """
        return self._send("POST", "/v1/accounts", Account.from_reply, body=request.body())

    def get(self, account_id: Id) -> Account:
        """GET /v1/accounts/{account_id}, all entities. An unknown id is `BrokerMisconfigured` (401)."""
        return self._send(
            "GET", "/v1/accounts/{account_id}", Account.from_reply, ids={"account_id": account_id}
        )

    def get_details(self, account_id: Id) -> Details:
        """The same call, with every member as the broker tells it."""
        return self._send(
            "GET", "/v1/accounts/{account_id}", Details.from_reply, ids={"account_id": account_id}
        )

    def update(self, account_id: Id, request: UpdateAccountRequest) -> Account:
        """PATCH /v1/accounts/{account_id}: the members given; the same again changes nothing more."""
        return self._send(
            "PATCH",
            "/v1/accounts/{account_id}",
            Account.from_reply,
            ids={"account_id": account_id},
            body=request.body(),
        )

    def request_options(self, account_id: Id, level: int) -> OptionsApproval:
        """POST /v1/accounts/{account_id}/options/approval; `level` is 1 to 3. 422 while one is pending."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/options/approval",
            OptionsApproval.from_reply,
            ids={"account_id": account_id},
            body={"level": level},
        )

    def list_options_requests(self, account_id: Id) -> OptionsApprovals:
        """GET /v1/accounts/options/approvals of one account, newest first."""
        return self._send(
            "GET",
            "/v1/accounts/options/approvals",
            OptionsApprovals.from_reply,
            query={"account_id": str(account_id)},
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
