"""Batches of what belongs to no account: by one process at a time, for a bounded time, after whoever waits.

With a data API that answers slowly, a run would else be begun again beside itself, until no thread of the
queue is left for what a person waits for.
"""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from brokerapp.broker.alpaca.errors import BrokerBusy, BrokerError, BrokerMisconfigured
from brokerapp.broker.budget import Priority, priority
from brokerapp.workflow import sweeps

logger = logging.getLogger(__name__)

SECONDS = 20.0
"""After which no further batch is begun; the next run goes on."""
Item = TypeVar("Item")


@contextmanager
def alone(name: str) -> Iterator[sweeps.Lock | None]:
    """Hold the lock of a job; None if another process does. The reads within are polls."""
    with sweeps.lock(name) as held, priority(Priority.POLL):
        yield held


def in_batches(
    name: str,
    batches: Iterator[Sequence[Item]],
    handle: Callable[[Sequence[Item]], object],
    *,
    failed: Callable[[Sequence[Item]], object] | None = None,
) -> int:
    """Handle batches one after the other, unless another process is at it; how many members were handled.

    `batches` is an iterator that finds its first one under the lock. A batch's trouble is logged, `failed` is
    told and the next one is handled; the first error is raised at the end: `BrokerNotDone` or
    `BrokerOutcomeUnknown`. What is no batch's own ends the run: a broker that is busy or refuses our key.
    """
    done, trouble = 0, None
    with alone(name) as held:
        if held is None:
            return 0
        stop = time.monotonic() + SECONDS
        for batch in batches:
            try:
                handle(batch)
                done += len(batch)
            except (BrokerBusy, BrokerMisconfigured):
                raise
            except BrokerError as error:
                logger.warning("%s: a batch of %s has no answer: %s", name, len(batch), error)
                trouble = trouble or error
                if failed is not None:
                    failed(batch)
            if time.monotonic() > stop or not held.is_held():
                logger.info("%s: the next run goes on", name)
                break
    if trouble:
        raise trouble
    return done
