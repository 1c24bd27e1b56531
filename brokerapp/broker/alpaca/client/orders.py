"""Orders of one account."""

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import CreateOrderRequest, NoContent, Order


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

    def get(self, account_id: Id, order_id: Id) -> Order:
        """GET /v1/trading/accounts/{account_id}/orders/{order_id}."""
        return self._send(
            "GET",
            "/v1/trading/accounts/{account_id}/orders/{order_id}",
            Order.from_reply,
            ids={"account_id": account_id, "order_id": order_id},
        )

    def get_by_client_order_id(self, account_id: Id, client_order_id: Id) -> Order:
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
