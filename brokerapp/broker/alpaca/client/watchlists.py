"""Lists of symbols that an account watches."""

from collections.abc import Sequence
from functools import partial

from brokerapp.broker.alpaca.client.noun import Id, Noun
from brokerapp.broker.alpaca.models import NoContent, Page, Watchlist
from brokerapp.broker.alpaca.models.base import read_page

ALL = "/v1/trading/accounts/{account_id}/watchlists"
ONE = ALL + "/{watchlist_id}"


class Watchlists(Noun):
    """Lists of symbols that an account watches. Names are unique within an account."""

    def list(self, account_id: Id) -> Page[Watchlist]:
        """GET /v1/trading/accounts/{account_id}/watchlists, without their symbols."""
        return self._send("GET", ALL, partial(read_page, Watchlist), ids={"account_id": account_id})

    def get(self, account_id: Id, watchlist_id: Id) -> Watchlist:
        """GET …/watchlists/{watchlist_id}, with its symbols. Raises `BrokerNotFound`."""
        ids = {"account_id": account_id, "watchlist_id": watchlist_id}
        return self._send("GET", ONE, Watchlist.from_reply, ids=ids)

    def create(self, account_id: Id, name: str, symbols: Sequence[str]) -> Watchlist:
        """POST /v1/trading/accounts/{account_id}/watchlists. A name in use is refused (422)."""
        return self._send(
            "POST",
            ALL,
            Watchlist.from_reply,
            ids={"account_id": account_id},
            body={"name": name, "symbols": list(symbols)},
        )

    def replace(self, account_id: Id, watchlist_id: Id, name: str, symbols: Sequence[str]) -> Watchlist:
        """PUT …/watchlists/{watchlist_id}: the name and all symbols, in this order. Safe to repeat.

        Raises `BrokerNotFound` if there is no such list.
        """
        return self._send(
            "PUT",
            ONE,
            Watchlist.from_reply,
            ids={"account_id": account_id, "watchlist_id": watchlist_id},
            body={"name": name, "symbols": list(symbols)},
        )

    def delete(self, account_id: Id, watchlist_id: Id) -> NoContent:
        """DELETE …/watchlists/{watchlist_id}. Raises `BrokerNotFound` if there is no such list."""
        return self._send(
            "DELETE",
            ONE,
            NoContent.from_reply,
            ids={"account_id": account_id, "watchlist_id": watchlist_id},
        )
