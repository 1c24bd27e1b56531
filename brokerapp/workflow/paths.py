"""Paths: the single steps between statuses that are documented, of which transitions may skip some."""

from collections.abc import Mapping

ANY_OTHER: frozenset[str] = frozenset({"any"})
"""In a table of paths, for a status of which the broker does not say what comes next: any other may."""


def reachable(paths: Mapping[str, frozenset[str]]) -> dict[str, frozenset[str]]:
    """For each status all that lie on paths from it, but itself: polls skip steps that events would show."""
    found: dict[str, frozenset[str]] = {}
    for start in paths:
        seen: set[str] = set()
        ahead = set(paths[start])
        while ahead:
            status = ahead.pop()
            seen.add(status)
            ahead |= paths[status] - seen
        found[start] = frozenset(seen - {start})
    return found
