"""Fan-out in memory: one subscription a process, one bounded queue an open page."""

import asyncio
import logging
import random
from typing import Any

import redis.asyncio as redis
from redis.asyncio.client import PubSub
from redis.backoff import NoBackoff
from redis.retry import Retry

from brokerapp.live import prices
from brokerapp.live.board import PriceBoard
from brokerapp.live.channel import CHANNEL_PATTERN, CHANNEL_PREFIX, CHECK_SESSIONS
from brokerapp.live.push_queue import RESYNC, PushQueue

logger = logging.getLogger(__name__)

MAX_QUEUES = 10_000
MAX_QUEUES_OF_ONE_USER = 20
MAX_SYMBOLS_OF_ONE_USER = 500
"""Whose prices are pushed to one person's pages together, so that nobody crowds the others out."""

CONNECT_TIMEOUT_SECONDS = 2.0
PING_AFTER_SECONDS = 10.0
FIRST_RETRY_SECONDS = 0.2
LAST_RETRY_SECONDS = 5.0


class TooManyQueues(Exception):
    """This process, or this person in it, has as many queues as it may."""


class Hub:
    """Every open queue of this process, fed from one subscription to the Redis-protocol server."""

    def __init__(self, redis_url: str) -> None:
        self.redis_url = redis_url
        self.subscribed = False
        self.closing = False
        self.prices = PriceBoard()
        self._queues: dict[str, set[PushQueue]] = {}
        self._count = 0

    def open(self, user_id: str, symbols: frozenset[str] = frozenset()) -> PushQueue:
        """A new queue of this person's events, and of the prices of symbols; give it back with `close`.

        It starts with `resync`, as the row may have changed between the page and the queue; without a
        subscription that comes as soon as there is one. Raises `TooManyQueues`.
        """
        of_user = self._queues.setdefault(user_id, set())
        if self.closing or self._count >= MAX_QUEUES or len(of_user) >= MAX_QUEUES_OF_ONE_USER:
            raise TooManyQueues(user_id)
        room = MAX_SYMBOLS_OF_ONE_USER - len(frozenset().union(*(each.symbols for each in of_user)))
        queue = PushQueue(user_id, frozenset(sorted(symbols)[: max(room, 0)]))
        of_user.add(queue)
        self._count += 1
        if self.subscribed:
            queue.put(RESYNC)
        self.prices.add(queue)
        return queue

    def close(self, queue: PushQueue) -> None:
        """Forget a queue whose browser has gone."""
        of_user = self._queues[queue.user_id]
        of_user.remove(queue)
        self._count -= 1
        self.prices.remove(queue)
        if not of_user:
            del self._queues[queue.user_id]

    def end_queues(self) -> None:
        """End every queue and refuse new ones: the process is about to stop."""
        self.closing = True
        for queue in self._all():
            queue.end()

    async def follow(self) -> None:
        """Listen for as long as the process lives; after a fault, again and again, less and less often."""
        delay = FIRST_RETRY_SECONDS
        while True:
            try:
                await self._listen()
            except (redis.RedisError, OSError) as error:
                logger.warning("No pushes for now, the Redis-protocol server is away: %s", error)
            except Exception:  # without this loop no page of this process hears of anything again
                logger.exception("No pushes for now")
            if self.subscribed:
                delay = FIRST_RETRY_SECONDS
            self.subscribed = False
            await asyncio.sleep(delay * random.uniform(0.5, 1))  # noqa: S311 - spreads the processes
            delay = min(delay * 2, LAST_RETRY_SECONDS)

    async def _listen(self) -> None:
        # No retries in the library: it would subscribe again without telling us that messages were missed.
        client = redis.Redis.from_url(
            self.redis_url, socket_connect_timeout=CONNECT_TIMEOUT_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        async with client, client.pubsub() as pubsub:
            await pubsub.psubscribe(CHANNEL_PATTERN)
            await pubsub.subscribe(prices.CHANNEL)
            wanted = asyncio.create_task(self.prices.say_wanted(client))
            try:
                await self._take_all(pubsub, wanted)
            finally:
                wanted.cancel()

    async def _take_all(self, pubsub: PubSub, wanted: asyncio.Task[None]) -> None:
        pinged = False
        while True:
            message = await pubsub.get_message(timeout=PING_AFTER_SECONDS)
            if wanted.done():
                wanted.result()  # raises what ended it
            if message is not None:
                pinged = False
                self.take(message)
            elif pinged:
                raise redis.ConnectionError("no answer to a ping")
            else:
                await pubsub.ping()
                pinged = True

    def take(self, message: dict[str, Any]) -> None:
        """Hand one message of the subscription to the queues it is for."""
        if message["type"] == "psubscribe":
            self.subscribed = True
            for queue in self._all():
                queue.put(RESYNC)
        elif message["type"] == "pmessage":
            user_id = message["channel"].decode().removeprefix(CHANNEL_PREFIX)
            if message["data"] == CHECK_SESSIONS.encode():
                for queue in self._queues.get(user_id, ()):
                    queue.ask_to_check()
                return
            event = b"event: changed\ndata: " + message["data"] + b"\n\n"
            for queue in self._queues.get(user_id, ()):
                queue.put(event)
        elif message["type"] == "message":
            self.prices.take(message["data"])

    def _all(self) -> list[PushQueue]:
        return [queue for of_user in self._queues.values() for queue in of_user]
