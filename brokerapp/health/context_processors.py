"""The banner that says that figures are delayed."""

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from brokerapp.health.services import delayed_since
from brokerapp.web.moments import for_a_moment

delayed_at_the_moment = for_a_moment(delayed_since)


def stale(request: HttpRequest) -> dict[str, object]:
    """`stale_at` for signed-in people; asked of the database only by a page that has room for it."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {}
    return {"stale_at": SimpleLazyObject(lambda: delayed_at_the_moment(timezone.now()))}
