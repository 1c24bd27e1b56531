"""One method per endpoint of the Broker API that this product uses, named like the endpoint.

Reference: https://docs.alpaca.markets/reference/getallaccounts and its neighbours. Every method raises
`BrokerNotDone` (`BrokerRejected`, `BrokerBusy`, `BrokerUnreachable`) or `BrokerOutcomeUnknown`; every result
has the `request_id` of its reply. Money is USD, quantities are shares; both are `Decimal`.
"""

from collections.abc import Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Literal
from uuid import UUID

from brokerapp.alpaca.models import (
    Account,
    AchRelationship,
    Activity,
    Asset,
    CalendarDay,
    Clock,
    CreateAccountRequest,
    CreateAchRelationshipRequest,
    CreateJournalRequest,
    CreateOrderRequest,
    CreateTransferRequest,
    DocumentUpload,
    Fill,
    Journal,
    NoContent,
    NonTrade,
    Order,
    Page,
    Position,
    TradeAccount,
    Transfer,
)
from brokerapp.alpaca.models.base import read_page
from brokerapp.alpaca.transport import Transport

Id = UUID | str
Direction = Literal["asc", "desc"]


class BrokerClient:
    """The Broker API over a transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self._send = transport.send

    # Accounts

    def create_account(self, request: CreateAccountRequest) -> Account:
        """POST /v1/accounts. A used e-mail address is refused (409), so a repeat makes no second account."""
        return self._send("POST", "/v1/accounts", Account.from_reply, body=request.body())

    def get_account(self, account_id: Id) -> Account:
        """GET /v1/accounts/{account_id}, all entities. An unknown id is `BrokerRejected` (401)."""
        return self._send(
            "GET", "/v1/accounts/{account_id}", Account.from_reply, ids={"account_id": account_id}
        )

    def list_accounts(
        self,
        *,
        query: str | None = None,
        created_after: datetime | None = None,
        created_before: datetime | None = None,
        statuses: Sequence[str] = (),
        entities: Sequence[str] = (),
        sort: Direction | None = None,
    ) -> Page[Account]:
        """GET /v1/accounts: at most 1,000, newest first.

        Every word of `query` must match the account's number, phone, name or e-mail. `entities=["contact"]`
        adds what the list leaves out. Both times are inclusive.
        """
        params = {
            "query": query,
            "created_after": created_after,
            "created_before": created_before,
            "status": list(statuses),
            "entities": tuple(entities),
            "sort": sort,
        }
        return self._send("GET", "/v1/accounts", partial(read_page, Account), query=params)

    def upload_documents(self, account_id: Id, documents: Sequence[DocumentUpload]) -> NoContent:
        """POST /v1/accounts/{account_id}/documents/upload, at most 10."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/documents/upload",
            NoContent.from_reply,
            ids={"account_id": account_id},
            body=[document.body() for document in documents],
        )

    # Funding

    def create_ach_relationship(
        self, account_id: Id, request: CreateAchRelationshipRequest
    ) -> AchRelationship:
        """POST /v1/accounts/{account_id}/ach_relationships. Refused (409) while another one is active."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/ach_relationships",
            AchRelationship.from_reply,
            ids={"account_id": account_id},
            body=request.body(),
        )

    def list_ach_relationships(
        self, account_id: Id, *, statuses: Sequence[str] = ()
    ) -> Page[AchRelationship]:
        """GET /v1/accounts/{account_id}/ach_relationships."""
        return self._send(
            "GET",
            "/v1/accounts/{account_id}/ach_relationships",
            partial(read_page, AchRelationship),
            ids={"account_id": account_id},
            query={"statuses": tuple(statuses)},
        )

    def delete_ach_relationship(self, account_id: Id, relationship_id: Id) -> NoContent:
        """DELETE /v1/accounts/{account_id}/ach_relationships/{relationship_id}."""
        return self._send(
            "DELETE",
            "/v1/accounts/{account_id}/ach_relationships/{relationship_id}",
            NoContent.from_reply,
            ids={"account_id": account_id, "relationship_id": relationship_id},
        )

    def create_transfer(self, account_id: Id, request: CreateTransferRequest) -> Transfer:
        """POST /v1/accounts/{account_id}/transfers. No idempotency key: a repeat is a second transfer."""
        return self._send(
            "POST",
            "/v1/accounts/{account_id}/transfers",
            Transfer.from_reply,
            ids={"account_id": account_id},
            body=request.body(),
        )

    def list_transfers(
        self,
        account_id: Id,
        direction: Literal["INCOMING", "OUTGOING"] | None = None,
        limit: int | None = None,
        offset: int | None = None,
    ) -> Page[Transfer]:
        """GET /v1/accounts/{account_id}/transfers, newest first."""
        return self._send(
            "GET",
            "/v1/accounts/{account_id}/transfers",
            partial(read_page, Transfer),
            ids={"account_id": account_id},
            query={"direction": direction, "limit": limit, "offset": offset},
        )

    def cancel_transfer(self, account_id: Id, transfer_id: Id) -> NoContent:
        """DELETE /v1/accounts/{account_id}/transfers/{transfer_id}, while it is QUEUED."""
        return self._send(
            "DELETE",
            "/v1/accounts/{account_id}/transfers/{transfer_id}",
            NoContent.from_reply,
            ids={"account_id": account_id, "transfer_id": transfer_id},
        )

    # Journals

    def create_journal(self, request: CreateJournalRequest, idempotency_key: str) -> Journal:
        """POST /v1/journals. The same key (at most 128 characters) and body give the first journal again."""
        return self._send(
            "POST",
            "/v1/journals",
            Journal.from_reply,
            body=request.body(),
            headers={"Idempotency-Key": idempotency_key},
        )

    def list_journals(
        self,
        *,
        after: date | None = None,
        before: date | None = None,
        status: str | None = None,
        entry_type: Literal["JNLC", "JNLS"] | None = None,
        to_account: Id | None = None,
        from_account: Id | None = None,
    ) -> Page[Journal]:
        """GET /v1/journals. More than 100,000 are refused (422): narrow it by date."""
        params = {
            "after": after,
            "before": before,
            "status": status,
            "entry_type": entry_type,
            "to_account": to_account,
            "from_account": from_account,
        }
        return self._send("GET", "/v1/journals", partial(read_page, Journal), query=params)

    def get_journal(self, journal_id: Id) -> Journal:
        """GET /v1/journals/{journal_id}."""
        return self._send(
            "GET", "/v1/journals/{journal_id}", Journal.from_reply, ids={"journal_id": journal_id}
        )

    # Assets

    def list_assets(
        self, *, status: Literal["active", "inactive"] | None = None, asset_class: str | None = None
    ) -> Page[Asset]:
        """GET /v1/assets: thousands, in one reply. Without `asset_class`, US equities."""
        params = {"status": status, "asset_class": asset_class}
        return self._send("GET", "/v1/assets", partial(read_page, Asset), query=params)

    def get_asset(self, symbol_or_asset_id: Id) -> Asset:
        """GET /v1/assets/{symbol_or_asset_id}."""
        return self._send(
            "GET",
            "/v1/assets/{symbol_or_asset_id}",
            Asset.from_reply,
            ids={"symbol_or_asset_id": symbol_or_asset_id},
        )

    # Trading

    def create_order(self, account_id: Id, request: CreateOrderRequest) -> Order:
        """POST /v1/trading/accounts/{account_id}/orders. Accepted is not filled, and may become rejected.

        A used `client_order_id` is refused (422): look the first order up by it.
        """
        return self._send(
            "POST",
            "/v1/trading/accounts/{account_id}/orders",
            Order.from_reply,
            ids={"account_id": account_id},
            body=request.body(),
        )

    def get_order(self, account_id: Id, order_id: Id) -> Order:
        """GET /v1/trading/accounts/{account_id}/orders/{order_id}."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/orders/{order_id}",
            Order.from_reply,
            ids={"account_id": account_id, "order_id": order_id},
        )

    def get_order_by_client_order_id(self, account_id: Id, client_order_id: Id) -> Order:
        """GET /v1/trading/accounts/{account_id}/orders:by_client_order_id.

        Raises `BrokerNotFound` if no order has it.
        """
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/orders:by_client_order_id",
            Order.from_reply,
            ids={"account_id": account_id},
            query={"client_order_id": client_order_id},
        )

    def list_orders(
        self,
        account_id: Id,
        *,
        status: Literal["open", "closed", "all"] | None = None,
        limit: int | None = None,
        after: datetime | None = None,
        until: datetime | None = None,
        direction: Direction | None = None,
        side: Literal["buy", "sell"] | None = None,
        symbols: Sequence[str] = (),
    ) -> Page[Order]:
        """GET /v1/trading/accounts/{account_id}/orders: the open ones, newest first.

        At most 50, or `limit` (to 500). `after` and `until` are exclusive and mean the time of submission.
        """
        params = {
            "status": status,
            "limit": limit,
            "after": after,
            "until": until,
            "direction": direction,
            "side": side,
            "symbols": tuple(symbols),
        }
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/orders",
            partial(read_page, Order),
            ids={"account_id": account_id},
            query=params,
        )

    def cancel_order(self, account_id: Id, order_id: Id) -> NoContent:
        """DELETE /v1/trading/accounts/{account_id}/orders/{order_id}: a request, the order may still fill.

        Raises `BrokerRejected` (422) if it is finished.
        """
        return self._send(
            "DELETE",
            "/v1/trading/accounts/{account_id}/orders/{order_id}",
            NoContent.from_reply,
            ids={"account_id": account_id, "order_id": order_id},
        )

    def list_positions(self, account_id: Id) -> Page[Position]:
        """GET /v1/trading/accounts/{account_id}/positions."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/positions",
            partial(read_page, Position),
            ids={"account_id": account_id},
        )

    def get_position(self, account_id: Id, symbol_or_asset_id: Id) -> Position:
        """GET /v1/trading/accounts/{account_id}/positions/{symbol_or_asset_id}.

        Raises `BrokerNotFound` if there is none.
        """
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/positions/{symbol_or_asset_id}",
            Position.from_reply,
            ids={"account_id": account_id, "symbol_or_asset_id": symbol_or_asset_id},
        )

    def get_trade_account(self, account_id: Id) -> TradeAccount:
        """GET /v1/trading/accounts/{account_id}/account: balances and blocks."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/account",
            TradeAccount.from_reply,
            ids={"account_id": account_id},
        )

    def list_activities(
        self,
        account_id: Id,
        *,
        activity_types: Sequence[str] = (),
        on: date | None = None,
        after: datetime | date | None = None,
        until: datetime | date | None = None,
        direction: Direction | None = None,
        page_size: int | None = None,
        page_token: str | None = None,
    ) -> Page[Fill | NonTrade]:
        """GET /v1/accounts/activities of one account: 100 a page, newest first.

        `page_token` is the id of the last one received; an empty page is the end. `on` (one day)
        excludes `after` and `until`.
        """
        params = {
            "account_id": account_id,
            "activity_types": tuple(activity_types),
            "date": on,
            "after": after,
            "until": until,
            "direction": direction,
            "page_size": page_size,
            "page_token": page_token,
        }
        return self._send("GET", "/v1/accounts/activities", partial(read_page, Activity), query=params)

    # Market time

    def get_clock(self) -> Clock:
        """GET /v1/clock."""
        return self._send("GET", "/v1/clock", Clock.from_reply)

    def get_calendar(self, start: date, end: date) -> Page[CalendarDay]:
        """GET /v1/calendar: the trading days from `start` to `end`, both included (New York dates)."""
        params: dict[str, Any] = {"start": start, "end": end}
        return self._send("GET", "/v1/calendar", partial(read_page, CalendarDay), query=params)
