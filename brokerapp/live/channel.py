"""The Redis-protocol channel between the processes that change rows and those that hold browsers' streams."""

import json
import logging
from functools import cache

import redis
from django.conf import settings

from brokerapp.web.outages import REDIS_AWAY, Outage, redis_options

logger = logging.getLogger(__name__)

CHANNEL_PREFIX = "live:user:"
CHANNEL_PATTERN = f"{CHANNEL_PREFIX}*"
CHECK_SESSIONS = "sessions"
"""Not for browsers: the streams' own process looks whether they may go on."""
OUTAGE = Outage()


@cache
def connect(url: str) -> redis.Redis:
    """The client of this process for a server, with short timeouts."""
    return redis.Redis.from_url(url, **redis_options())


def publish(user_id: object, noun: str, pk: object, status: str = "") -> None:
    """Tell a person's open pages that a row of theirs changed, so that they fetch it again.

    The message says which noun ("transfer"), which id and, if given, our status word: never anything
    personal, as it is a nudge and not the news. Call it after the commit. A push that cannot be sent is
    logged and dropped, within about a second: pages also poll, so the caller's work must not fail for it.
    For some seconds after that no other is tried.
    """
    message = {"noun": noun, "id": str(pk)} | ({"status": status} if status else {})
    _publish(user_id, json.dumps(message, separators=(",", ":")), f"{noun} {pk}")


def check_sessions(user_id: object) -> None:
    """Have a person's open streams look at once whether their session still holds; call it after it ended.

    Without the Redis-protocol server they notice within a minute, as they look that often by themselves.
    """
    _publish(user_id, CHECK_SESSIONS, "the check of sessions")


def _publish(user_id: object, message: str, what: str) -> None:
    if OUTAGE:
        return
    try:
        connect(settings.REDIS_URL).publish(f"{CHANNEL_PREFIX}{user_id}", message)
    except REDIS_AWAY as error:
        OUTAGE.begin()
        logger.warning("Push dropped for %s: %s", what, error)
