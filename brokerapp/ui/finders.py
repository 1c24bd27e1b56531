"""The one search of staff: each app says how what it has is found; every look-up is exact and by an index.

    finders.register(Finder("Cases", "support.view_case", find_cases))

`find_cases(term)` gives the hits, at most `MOST` of them, and nothing for a term that cannot name one.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser

MOST = 20


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
    """What is looked for, who may see it, and how."""

    title: str
    permission: str
    find: Callable[[str], Iterable[Hit]]


_finders: list[Finder] = []


def register(finder: Finder) -> None:
    """Add a finder; called when the apps are ready."""
    if finder not in _finders:
        _finders.append(finder)


def find(term: str, user: AbstractBaseUser | AnonymousUser) -> list[tuple[str, list[Hit]]]:
    """What a member of staff may see of what the term names, by kind; kinds without a hit are left out."""
    found = [
        (finder.title, list(finder.find(term)))
        for finder in _finders
        if user.has_perm(finder.permission)  # type: ignore[union-attr]
    ]
    return [(title, hits) for title, hits in found if hits]
