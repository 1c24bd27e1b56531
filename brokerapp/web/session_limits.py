"""How long a browser stays signed in: until nothing was done for a while, and no longer than a working day.

Both instants are in the session itself, in seconds since 1970, so that pages and live streams judge alike.
"""

from collections.abc import MutableMapping
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.crypto import salted_hmac

SIGNED_IN_AT = "signed_in_at"
SEEN_AT = "seen_at"
NOTED_EVERY_SECONDS = 60
"""How much older than the last click the noted instant may be: not every click writes a row."""

Session = MutableMapping[str, Any]


def idle_seconds(*, is_staff: bool) -> int:
    """How long nothing may be done."""
    minutes = settings.STAFF_SESSION_IDLE_MINUTES if is_staff else settings.SESSION_IDLE_MINUTES
    return int(minutes * 60)


def begin(session: Session, now: datetime) -> None:
    """Note that somebody has just signed in."""
    session[SIGNED_IN_AT] = session[SEEN_AT] = now.timestamp()


def note(session: Session, now: datetime) -> bool:
    """Note that something was done; whether the session has to be saved for it."""
    if SIGNED_IN_AT not in session:  # signed in before there were limits
        begin(session, now)
        return True
    if now.timestamp() - session.get(SEEN_AT, 0) < NOTED_EVERY_SECONDS:
        return False
    session[SEEN_AT] = now.timestamp()
    return True


def seconds_left(session: Session, now: datetime, *, is_staff: bool) -> int:
    """How long the session is good for if nothing is done; 0 or less once it is over."""
    at = now.timestamp()
    signed_in, seen = session.get(SIGNED_IN_AT, at), session.get(SEEN_AT, at)
    end = min(seen + idle_seconds(is_staff=is_staff), signed_in + settings.SESSION_HOURS * 3600)
    return int(end - at)


def state_of(request: HttpRequest, now: datetime) -> dict[str, Any]:
    """How long this browser stays signed in (`seconds`) and a mark of as whom (`who`), for its script."""
    user = request.user
    if not user.is_authenticated:
        return {"seconds": 0}
    who = salted_hmac("session-state", str(user.pk)).hexdigest()[:16]
    return {"seconds": seconds_left(request.session, now, is_staff=user.is_staff), "who": who}
