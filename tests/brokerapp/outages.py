"""A Redis-protocol server of the test's own that goes away, and what the processes remember of it."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.core.cache.backends.locmem import LocMemCache

from brokerapp.live import channel
from brokerapp.web import cache
from brokerapp.workflow import jobs
from tests.brokerapp.live.processes import Valkey


@contextmanager
def frail_valkey() -> Iterator[Valkey]:
    """A server that the test may kill or freeze; afterwards nobody in this process remembers the outage."""
    with tempfile.TemporaryDirectory(prefix="frail-") as folder:
        server = Valkey(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()
            forget_outages()


def forget_outages() -> None:
    """Have the Redis-protocol server asked again at once, and nothing left of what was kept instead."""
    LocMemCache(cache.IN_MEMORY, {}).clear()
    for outage in (cache.OUTAGE, channel.OUTAGE, jobs.OUTAGE):
        outage.end()
