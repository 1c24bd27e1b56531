"""The one search of staff: each app says how what it has is found; every look-up is exact and by an index.

    finders.register(Finder("Cases", "support.view_case", find_cases))

`find_cases(term)` gives the hits, at most `MOST` of them, and nothing for a term that cannot name one.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

MOST = 20
REQUEST_ID = re.compile(r"[0-9a-fA-F]{32}")
"""How the broker writes its Request IDs (`X-Request-ID`): a row's id has dashes."""


@dataclass(frozen=True)
class Hit:
    """One row that was found: what it is, in words, where its page is, whose it is and from when."""

    title: str
    url: str
    detail: str = ""
    person_id: int | None = None
    at: datetime | None = None


@dataclass(frozen=True)
class Finder:
    """What is looked for, who may see it, and how.

    `by_request_id` looks for a Request ID and nothing else; None if nothing of the kind has one.
    """

    title: str
    permission: str
    find: Callable[[str], Iterable[Hit]]
    by_request_id: Callable[[str], Iterable[Hit]] | None = None


_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Add a finder; called when the apps are ready."""
    if finder not in _finders:
        _finders.append(finder)


def find(term: str, user: AbstractBaseUser | AnonymousUser) -> list[tuple[str, list[Hit]]]:
    """What a member of staff may see of what the term names, by kind; kinds without a hit are left out.

    What looks like a Request ID is looked for as one first, by a few look-ups, and as all else only where it
    is none: an id of ours or of the broker's has the same digits, but nobody has ever had the same twice.
    """
    theirs = [finder for finder in _finders if user.has_perm(finder.permission)]  # type: ignore[union-attr]
    if REQUEST_ID.fullmatch(term):
        quick = [(finder.title, finder.by_request_id) for finder in theirs if finder.by_request_id]
        if found := _hits(quick, term.lower()):
            return found
    return _hits([(finder.title, finder.find) for finder in theirs], term)


def _hits(
    ways: Iterable[tuple[str, Callable[[str], Iterable[Hit]]]], term: str
) -> list[tuple[str, list[Hit]]]:
    found = [(title, list(find(term))) for title, find in ways]
    return [(title, hits) for title, hits in found if hits]
