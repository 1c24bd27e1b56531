"""The market pill of the page header."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from brokerapp.web.moments import for_a_moment
from trading.services.market import market_pill

pill_of_the_moment = for_a_moment(market_pill)


def market(request: HttpRequest) -> dict[str, object]:
    """`market` (`is_open`, `text`) for signed-in people; asked of the database only where a page shows it."""
    if not request.user.is_authenticated:
        return {}
    return {"market": SimpleLazyObject(lambda: pill_of_the_moment(timezone.now()))}
