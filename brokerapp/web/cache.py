"""The cache, which goes on in the process's own memory while the Redis-protocol server is away.

Sign-in and other things with a limit of attempts count in the cache, and must work without that server. In an
outage each process counts for itself: the limits are looser by the number of processes, and do not fall away.
What was counted before is not seen until the server is back.
"""

import logging
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT
from django.core.cache.backends.locmem import LocMemCache
from django.core.cache.backends.redis import RedisCache

from brokerapp.web.outages import REDIS_AWAY, Outage, redis_options

logger = logging.getLogger(__name__)

OUTAGE = Outage()
IN_MEMORY = "outage"
"""The name of what a process counts meanwhile; its threads share it."""


class SteadyCache(RedisCache):
    """A Redis cache with a fallback in memory. Raises nothing because of the server."""

    def __init__(self, server: Any, params: dict[str, Any]) -> None:
        params = {**params, "OPTIONS": {**redis_options(), **params.get("OPTIONS", {})}}
        super().__init__(server, params)
        self._memory = LocMemCache(IN_MEMORY, {**params, "OPTIONS": {}})

    def _ask(self, name: str, *args: Any, **kwargs: Any) -> Any:
        if not OUTAGE:
            try:
                return getattr(super(), name)(*args, **kwargs)
            except REDIS_AWAY as error:
                OUTAGE.begin()
                logger.warning("the cache is in memory for now: %s", error)
        return getattr(self._memory, name)(*args, **kwargs)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return bool(self._ask("add", key, value, timeout=timeout, version=version))

    def get(self, key: Any, default: Any = None, version: Any = None) -> Any:
        return self._ask("get", key, default=default, version=version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> None:
        self._ask("set", key, value, timeout=timeout, version=version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> bool:
        return bool(self._ask("touch", key, timeout=timeout, version=version))

    def delete(self, key: Any, version: Any = None) -> bool:
        return bool(self._ask("delete", key, version=version))

    def get_many(self, keys: Any, version: Any = None) -> dict[Any, Any]:
        return dict(self._ask("get_many", list(keys), version=version))

    def has_key(self, key: Any, version: Any = None) -> bool:
        return bool(self._ask("has_key", key, version=version))

    def incr(self, key: Any, delta: int = 1, version: Any = None) -> int:
        return int(self._ask("incr", key, delta=delta, version=version))

    def set_many(self, data: Any, timeout: Any = DEFAULT_TIMEOUT, version: Any = None) -> list[Any]:
        return list(self._ask("set_many", data, timeout=timeout, version=version))

    def delete_many(self, keys: Any, version: Any = None) -> None:
        self._ask("delete_many", list(keys), version=version)

    def clear(self) -> None:
        self._ask("clear")
