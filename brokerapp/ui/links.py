"""Addresses of pages about one account: the account is in the address, never in the session."""

from typing import Any, Protocol

from django.http import HttpRequest
from django.urls import reverse

ACCOUNT_ID = "account_id"


class HasKey(Protocol):
    """A row."""

    pk: Any


def account_url(account: HasKey, name: str, *args: object) -> str:
    """The address of a page of an account, by the page's name and the rest of its arguments."""
    return reverse(name, args=[account.pk, *args])


def account_id_of(request: HttpRequest) -> Any:
    """The id of the account that a page's address names; None for a page that is about no account."""
    match = request.resolver_match
    return match.kwargs.get(ACCOUNT_ID) if match else None
