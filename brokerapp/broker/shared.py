"""Redis for what processes tell each other about the broker: where it is away, nobody waits or fails."""

import logging
import time
from collections.abc import Callable
from functools import cache
from typing import TypeVar

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

logger = logging.getLogger(__name__)

TIMEOUT_SECONDS = 0.5
REST_SECONDS = 5.0
"""How long it is left alone after it did not answer, so that a frozen one slows down one call and not all."""

T = TypeVar("T")
_resting_until: dict[str, float] = {}


def ask(action: Callable[["redis.Redis"], T]) -> T | None:
    """What `action` returns from Redis; None if that is away, which is logged and never raised.

    A command that timed out may have been done all the same.
    """
    url = settings.REDIS_URL
    if time.monotonic() < _resting_until.get(url, 0.0):
        return None
    try:
        return action(_connect(url))
    except (redis.RedisError, OSError) as error:
        _resting_until[url] = time.monotonic() + REST_SECONDS
        logger.warning("Redis is away (%s); this process goes on by what it knows itself", error)
        return None


@cache
def _connect(url: str) -> "redis.Redis":
    return redis.Redis.from_url(
        url,
        socket_connect_timeout=TIMEOUT_SECONDS,
        socket_timeout=TIMEOUT_SECONDS,
        # One more try, at once: a pooled connection is dead after the server was restarted.
        retry=Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    )
