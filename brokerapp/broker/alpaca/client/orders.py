"""Orders of one account."""

from collections.abc import Sequence
from functools import partial
from typing import Literal

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import (
    CreateOrderRequest,
    NoContent,
    Order,
    Page,
    ReplaceOrderRequest,
)
from brokerapp.broker.alpaca.models.base import read_page

NESTED = {"nested": "true"}
"""Has the exits of an order come along as its legs."""


class Orders(Noun):
    """Orders of one account."""

    def create(self, account_id: Id, request: CreateOrderRequest) -> Order:
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

    def list(
        self,
        account_id: Id,
        *,
        status: Literal["open", "closed", "all"] = "open",
        symbols: Sequence[str] = (),
        limit: int = 500,
    ) -> Page[Order]:
        """GET /v1/trading/accounts/{account_id}/orders, newest first, exits as the legs of their order."""
        query = {"status": status, "limit": limit, "symbols": ",".join(symbols) or None, **NESTED}
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/orders",
            partial(read_page, Order),
            ids={"account_id": account_id},
            query=query,
        )

    def get(self, account_id: Id, order_id: Id) -> Order:
        """GET /v1/trading/accounts/{account_id}/orders/{order_id}, with its legs."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/orders/{order_id}",
            Order.from_reply,
            ids={"account_id": account_id, "order_id": order_id},
            query=NESTED,
        )

    def get_by_client_order_id(self, account_id: Id, client_order_id: Id) -> Order:
        """GET /v1/trading/accounts/{account_id}/orders:by_client_order_id, with its legs.

        Raises `BrokerNotFound` if no order has it.
        """
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/orders:by_client_order_id",
            Order.from_reply,
            ids={"account_id": account_id},
            query={"client_order_id": client_order_id, **NESTED},
        )

    def replace(self, account_id: Id, order_id: Id, request: ReplaceOrderRequest) -> Order:
        """PATCH /v1/trading/accounts/{account_id}/orders/{order_id}: the order that takes its place.

        Raises `BrokerRejected` (422) if the order is finished, not yet at the market, or one in dollars, and
        if nothing would change.
        """
        return self._send(
            "PATCH",
            "/v1/trading/accounts/{account_id}/orders/{order_id}",
            Order.from_reply,
            ids={"account_id": account_id, "order_id": order_id},
            body=request.body(),
        )

    def cancel(self, account_id: Id, order_id: Id) -> NoContent:
        """DELETE /v1/trading/accounts/{account_id}/orders/{order_id}: a request, the order may still fill.

        Raises `BrokerRejected` (422) if it is finished.
        """
        return self._send(
            "DELETE",
            "/v1/trading/accounts/{account_id}/orders/{order_id}",
            NoContent.from_reply,
            ids={"account_id": account_id, "order_id": order_id},
        )
