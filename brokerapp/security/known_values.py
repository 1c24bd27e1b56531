"""What we know of a person, as values that must not come back in a text that somebody else wrote."""

import logging
from collections.abc import Callable, Iterable

from django.db import DatabaseError

from brokerapp.security.encryption import CannotDecrypt

logger = logging.getLogger(__name__)

Source = Callable[[int], Iterable[str]]
LEAST = 2
"""Characters; a shorter value is part of any text."""

_sources: list[Source] = []


def register(source: Source) -> None:
    """Add a source, which gives an app's values of a person by their id. For `AppConfig.ready`."""
    if source not in _sources:
        _sources.append(source)


def known_values(person_id: int) -> frozenset[str] | None:
    """Everything that is known of a person; dates as ISO text. None if that cannot be read now."""
    try:
        return frozenset(
            value for source in _sources for value in source(person_id) if len(value.strip()) >= LEAST
        )
    except (DatabaseError, CannotDecrypt) as error:
        logger.error("what is known of person %s cannot be read: %s", person_id, type(error).__name__)
        return None
