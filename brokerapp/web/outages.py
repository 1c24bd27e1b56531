"""A server that is away is not waited for again and again."""

import threading
import time

import redis
from kombu.exceptions import KombuError
from redis.backoff import NoBackoff
from redis.retry import Retry

REDIS_SECONDS = 1.0
"""How long connecting to the Redis-protocol server, or an answer of it, may take."""
PAUSE_SECONDS = 5.0
"""How long nobody asks it again after that: a page must not wait once for each thing it would tell or ask."""
REDIS_AWAY = (redis.RedisError, OSError, KombuError)
"""What a Redis-protocol server that is down, frozen, full or starting makes its clients raise."""


class Outage:
    """Remembers, for this process, that a server did not answer a moment ago."""

    def __init__(self, pause: float = PAUSE_SECONDS) -> None:
        self.pause = pause
        self._lock = threading.Lock()
        self._until = 0.0

    def __bool__(self) -> bool:
        return time.monotonic() < self._until

    def begin(self) -> None:
        """The server did not answer: leave it alone for a while."""
        with self._lock:
            self._until = time.monotonic() + self.pause

    def end(self) -> None:
        """Ask again at once."""
        self._until = 0.0


def redis_options() -> dict[str, object]:
    """What every Redis client is made with: short timeouts, and one more try for a dead pooled connection."""
    return {
        "socket_timeout": REDIS_SECONDS,
        "socket_connect_timeout": REDIS_SECONDS,
        # The server may have been restarted since the connection was made. A silent one is not asked again.
        "retry": Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,)),
    }
