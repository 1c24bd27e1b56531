"""Addresses of pages about one account: the account is in the address, never in the session."""

from functools import lru_cache
from typing import Any, Protocol

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

ACCOUNT_ID = "account_id"


class HasKey(Protocol):
    """A row."""

    pk: Any


def page_url(name: str, *args: object) -> str:
    """The address of a page by its name and arguments: `reverse`, which pages ask the same things of."""
    return _reversed(settings.ROOT_URLCONF, name, args)


@lru_cache(maxsize=10_000)
def _reversed(urlconf: str, name: str, args: tuple[object, ...]) -> str:
    return reverse(name, urlconf, args)


def account_url(account: HasKey, name: str, *args: object) -> str:
    """The address of a page of an account, by the page's name and the rest of its arguments."""
    return page_url(name, account.pk, *args)


def account_id_of(request: HttpRequest) -> Any:
    """The id of the account that a page's address names; None for a page that is about no account."""
    match = request.resolver_match
    return match.kwargs.get(ACCOUNT_ID) if match else None
