"""The Redis-protocol channel between the processes that change rows and those that hold browsers' streams."""

import json
import logging
from functools import cache

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

CHANNEL_PREFIX = "live:user:"
CHANNEL_PATTERN = f"{CHANNEL_PREFIX}*"
TIMEOUT_SECONDS = 0.5


@cache
def _connect(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        # One more try, at once: a pooled connection is dead after the server was restarted.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )


def publish(user_id: object, noun: str, pk: object, status: str = "") -> None:
    """Tell a person's open pages that a row of theirs changed, so that they fetch it again.

    The message says which noun ("transfer"), which id and, if given, our status word: never anything
    personal, as it is a nudge and not the news. Call it after the commit. A push that cannot be sent is
    logged and dropped, within about a second: pages also poll, so the caller's work must not fail for it.
    """
    message = {"noun": noun, "id": str(pk)} | ({"status": status} if status else {})
    try:
        _connect(settings.REDIS_URL).publish(
            f"{CHANNEL_PREFIX}{user_id}", json.dumps(message, separators=(",", ":"))
        )
    except (redis.RedisError, OSError) as error:
        logger.warning("Push dropped for %s %s: %s", noun, pk, error)
