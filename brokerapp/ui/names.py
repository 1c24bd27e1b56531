"""What people are called, for pages of staff: apps that know names register; pages ask for many at once."""

from collections.abc import Callable, Iterable, Mapping

Source = Callable[[frozenset[int]], Mapping[int, str]]

_sources: list[Source] = []


def register(source: Source) -> None:
    """Add a source: given people's ids, the names that it knows. The first that knows a name gives it."""
    if source not in _sources:
        _sources.append(source)


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """The name of each person; `person 17` of one without. At most one query for each source."""
    wanted = frozenset(person_id for person_id in ids if person_id is not None)
    found: dict[int, str] = {}
    for source in _sources:
        missing = wanted - found.keys()
        if missing:
            found.update(source(missing))
    return {person_id: found.get(person_id) or f"person {person_id}" for person_id in wanted}


def name_of(person_id: int) -> str:
    """The name of one person."""
    return names_of([person_id])[person_id]
