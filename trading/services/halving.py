"""Batches of symbols that the data API refuses: the one that it refuses is found by asking for halves."""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from brokerapp.broker.alpaca.errors import BrokerError

logger = logging.getLogger(__name__)

ABOUT_THE_SYMBOLS = (400, 404, 422)
UNREADABLE = 200
Item = TypeVar("Item")
Answer = TypeVar("Answer")


def ask_in_halves(
    items: Sequence[Item],
    ask: Callable[[Sequence[Item]], Mapping[str, Answer]],
    *,
    about: tuple[int, ...] = ABOUT_THE_SYMBOLS,
) -> dict[str, Answer]:
    """The answers to a batch by symbol; one that is refused for its symbols is asked for again in halves.

    So one of a hundred takes about fourteen calls to be found out; it has no answer. `about`: the statuses of
    refusals that are for the symbols. Raises `BrokerNotDone` or `BrokerOutcomeUnknown` for any other.
    """
    try:
        return dict(ask(items))
    except BrokerError as error:
        if error.http_status not in about:
            raise
        if len(items) == 1:
            logger.warning("no answer for %s: %s", items[0], error)
            return {}
    half = len(items) // 2
    return {
        **ask_in_halves(items[:half], ask, about=about),
        **ask_in_halves(items[half:], ask, about=about),
    }
