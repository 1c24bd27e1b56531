"""The one way a task is sent."""

import logging
from functools import partial

from django.db import transaction
from django.utils.module_loading import import_string

from brokerapp.web.outages import REDIS_AWAY, Outage

logger = logging.getLogger(__name__)

OUTAGE = Outage()


def enqueue(path: str, **ids: object) -> None:
    """Send the task at dotted `path` once the open transaction has committed (at once if none is open).

    The row is the queue and the message a nudge: if the message cannot be sent, the sweep of that row
    does the work later, so the caller's request does not fail, and waits for a second or two at most.
    """
    task = import_string(path)
    transaction.on_commit(partial(send, task, path, ids))


def send(task: object, path: str, ids: dict[str, object]) -> None:
    """Send the message of a task now; where that fails, log it, and that is all."""
    if OUTAGE:
        logger.warning("did not try to send %s; its sweep will do it", path)
        return
    try:
        task.apply_async(kwargs={key: str(value) for key, value in ids.items()}, retry=False)  # type: ignore[attr-defined]
    except REDIS_AWAY as error:
        OUTAGE.begin()
        logger.warning("could not send %s; its sweep will do it: %s", path, type(error).__name__)
