"""`manage.py stream_events`: one process that follows every event stream of the broker, and the prices."""

import logging
import signal
import threading
from functools import partial
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError, connection
from django.utils import timezone

from brokerapp.broker.streams.models import EventStream
from brokerapp.events.follower import Follower
from brokerapp.health import services
from trading.services import pulse

logger = logging.getLogger(__name__)

LOCK_KEY = 7_305_212_001
"""Of the PostgreSQL advisory lock; any number that nothing else in this database uses."""
STANDBY_SECONDS = 2.0
LOCK_CHECK_SECONDS = 5.0
JOIN_SECONDS = 1.0


class Command(BaseCommand):
    """Follow the broker's event streams, in one process at a time.

    The broker allows 25 streams per correspondent, so a second process waits until the first is gone. The
    lock belongs to a database session: it goes with the process, however that ends, and if the database
    goes, so does the lock, and the followers are stopped until it is held again.
    """

    help = "Follow the broker's event streams and store their events. One process does so; others stand by."

    def handle(self, *args: Any, **options: Any) -> None:
        stop = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stop.set())
        while not stop.is_set():
            if acquire_lock():
                follow_all(stop)
            stop.wait(STANDBY_SECONDS)


def acquire_lock() -> bool:
    """Whether this process is now, or still, the one that follows. False while the database is away."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [LOCK_KEY])
            return bool(cursor.fetchone()[0])
    except DatabaseError as error:
        logger.warning("no database: %s", type(error).__name__)
        connection.close()
        return False


def lock_is_held() -> bool:
    """Whether the session that holds the lock is alive: the lock lives and dies with it."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        connection.close()
        return False
    return True


def _note_alive(name: str) -> None:
    services.note_alive(queue=name, now=timezone.now())


def follow_all(stop: threading.Event) -> None:
    """Follow every stream, and prices, each in a thread, until told to stop or until the lock is lost."""
    halt = threading.Event()
    # Daemons: a thread that waits for bytes must not hold up the exit, and an event half stored comes again.
    threads = [
        threading.Thread(target=Follower(stream, halt).run, name=f"stream-{stream}", daemon=True)
        for stream in EventStream
    ]
    alive = partial(_note_alive, services.PRICES)
    threads.append(threading.Thread(target=pulse.run, args=(halt, alive), name="prices", daemon=True))
    for thread in threads:
        thread.start()
    logger.info("following %s streams, and prices", len(threads) - 1)
    while not stop.wait(LOCK_CHECK_SECONDS) and lock_is_held():
        pass
    halt.set()
    for thread in threads:
        thread.join(JOIN_SECONDS / len(threads))
