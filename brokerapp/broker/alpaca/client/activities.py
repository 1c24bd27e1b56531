"""What happened in an account."""

from collections.abc import Sequence
from datetime import datetime
from functools import partial

from brokerapp.broker.alpaca.client.noun import Direction, Id, Noun
from brokerapp.broker.alpaca.models import Activity, Fill, NonTrade, Page
from brokerapp.broker.alpaca.models.base import read_page


class Activities(Noun):
    """What happened in an account."""

    def list(
        self,
        account_id: Id | None = None,
        *,
        activity_types: Sequence[str] = (),
        after: datetime | None = None,
        direction: Direction | None = None,
        page_token: str | None = None,
    ) -> Page[Fill | NonTrade]:
        """GET /v1/accounts/activities of one account, or without one of all: 100 a page, newest first.

        `after` is about when an activity was made at the broker, not the day it counts for. `page_token` is
        the id of the last one received; an empty page is the end.
        """
        params = {
            "account_id": account_id,
            "activity_types": tuple(activity_types),
            "after": after,
            "direction": direction,
            "page_token": page_token,
        }
        return self._send("GET", "/v1/accounts/activities", partial(read_page, Activity), query=params)
