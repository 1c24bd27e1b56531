"""Whether the broker accepts our key and our address, by the call log: for the pages of staff."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from operator import or_

from django.db.models import Q

from brokerapp.broker.alpaca.market_data import PATHS
from brokerapp.broker.calls.models import ApiCall

LOOK_BACK = timedelta(days=1)

MARKET_DATA = reduce(or_, (Q(path__startswith=begins) for begins in PATHS))
"""The other address, which has an access of its own."""


@dataclass(frozen=True)
class NoAccess:
    """The broker refuses our calls: since when, and the newest of them."""

    since: datetime
    newest: ApiCall


def find_no_access(*, now: datetime) -> list[NoAccess]:
    """Which of the broker's addresses (Broker API, Market Data API) did not accept us at the last call.

    Looks a day back. A few index look-ups for each address.
    """
    found = (_find(which, now) for which in (~MARKET_DATA, MARKET_DATA))
    return [each for each in found if each is not None]


def _find(which: Q, now: datetime) -> NoAccess | None:
    calls = ApiCall.objects.filter(which, started_at__gte=now - LOOK_BACK)
    newest = calls.without_access().order_by("-started_at").first()
    if newest is None:
        return None
    good = calls.filter(outcome=ApiCall.Outcome.OK).order_by("-started_at")
    if good.filter(started_at__gt=newest.started_at).exists():
        return None
    last_good = good.first()
    refused = calls.without_access().order_by("started_at")
    if last_good is not None:
        refused = refused.filter(started_at__gt=last_good.started_at)
    first = refused.first() or newest
    return NoAccess(first.started_at, newest)
