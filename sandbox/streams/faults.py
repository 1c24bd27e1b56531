"""Armed faults of the event streams: a cut or silent connection; events twice, out of order, or withheld."""

import asyncio

from sandbox.kernel.eventlog import Event
from sandbox.state.faults import EVENT_ACTIONS, STREAM_ACTIONS
from sandbox.state.world import World

NAP = 0.2  # seconds: how soon a silent stream notices that the process is to end


class Cut(Exception):
    """The stream's connection is to be closed in the middle, without its last chunk."""


class StreamFaults:
    """What befalls one open stream."""

    def __init__(self, world: World, path: str) -> None:
        self._world = world
        self._path = path
        self._late: list[Event] = []

    async def strike(self) -> None:
        """Go silent, heartbeats included, for the seconds asked for. Raises Cut."""
        fault = self._world.faults.take("GET", self._path, STREAM_ACTIONS)
        if fault is None:
            return
        if fault.action == "cut_stream":
            raise Cut
        left = fault.seconds
        while left > 0 and not self._world.feed.is_closed:
            await asyncio.sleep(min(left, NAP))
            left -= NAP

    def apply(self, events: list[Event]) -> list[Event]:
        """What is sent of some events: an event that is reordered follows the one after it."""
        if not len(self._world.store.faults) and not self._late:
            return events
        sent: list[Event] = []
        for event in events:
            fault = self._world.faults.take("GET", self._path, EVENT_ACTIONS, _account_of(event))
            if fault is None:
                sent += [event, *self._late]
                self._late.clear()
            elif fault.action == "duplicate_event":
                sent += [event, event]
            elif fault.action == "reorder_event":
                self._late.append(event)
        return sent


def _account_of(event: Event) -> str:
    """The account an event is of; "" for journals, which have two."""
    _, found, rest = event.body.partition(b'"account_id":"')
    return rest[:36].decode() if found else ""
