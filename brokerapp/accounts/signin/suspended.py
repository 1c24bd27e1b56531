"""What somebody sent when they had to confirm first, or had just been signed out: kept sealed, never lost.

Both are kept in the session, encrypted, as a form can hold a bank's numbers. Passwords are never kept.
"""

import json
import secrets
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from allauth.account.internal.flows.reauthentication import stash_and_reauthenticate
from allauth.account.utils import get_next_redirect_url
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.shortcuts import resolve_url
from django.urls import Resolver404, resolve
from django.utils.crypto import constant_time_compare

from brokerapp.accounts.signin.sealing import seal, unseal

TYPED_KEY = "typed_when_signed_out"
PURPOSE = "form that waits"
MOST_BYTES = 64 * 1024
AGAIN = "again"
"""In the address, says which suspended form a page to confirm belongs to; views do not see it."""


def typed_in(request: HttpRequest) -> str | None:
    """The form that was sent, as a query; None if it is one that is not kept: a password, a file, a flood."""
    form = request.POST.copy()
    form.pop("csrfmiddlewaretoken", None)
    text = form.urlencode()
    if request.FILES or any("password" in name for name in form) or len(text) > MOST_BYTES:
        return None
    return text


def suspend(request: HttpRequest, confirm_url: str) -> HttpResponse:
    """To the page where the person confirms that it is them; afterwards the request goes on as it was sent.

    It goes on from that page only: whoever else has the session cannot have a form of theirs sent when the
    person confirms something of their own.
    """
    form = typed_in(request) if request.method == "POST" else None
    if form is None:
        return _to(confirm_url, request.get_full_path())
    query = urlencode([*_without(request.GET, AGAIN), (AGAIN, secrets.token_urlsafe(9))])
    url = f"{request.path}?{query}"
    stash_and_reauthenticate(request, {"url": url, "sealed": seal(form, PURPOSE)}, f"{__name__}.resume")
    return _to(confirm_url, url)


def _without(query: QueryDict, name: str) -> list[tuple[str, str]]:
    return [(key, value) for key, values in query.lists() for value in values if key != name]


def _to(confirm_url: str, url: str) -> HttpResponseRedirect:
    return HttpResponseRedirect(f"{confirm_url}?{urlencode({REDIRECT_FIELD_NAME: url})}")


def resume(request: HttpRequest, state: dict[str, str]) -> HttpResponse:
    """Send on what was suspended, called by allauth once the person has confirmed."""
    url = get_next_redirect_url(request, REDIRECT_FIELD_NAME) or ""
    path, _, query = url.partition("?")
    # A list of staff takes whatever it does not know for a filter that is none, and starts anew.
    query = urlencode(_without(QueryDict(query), AGAIN))
    if not constant_time_compare(url, state["url"]):
        return HttpResponseRedirect((f"{path}?{query}" if query else path) or resolve_url("home"))
    match = resolve(path)
    request.POST = QueryDict(unseal(state["sealed"], PURPOSE))
    request.GET = QueryDict(query)
    request.path = request.path_info = path
    request.META |= {"PATH_INFO": path, "QUERY_STRING": query}
    request.resolver_match = match
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response


@dataclass(frozen=True)
class Typed:
    """A form that was sent after its person had been signed out: where to, and its fields in order."""

    path: str
    fields: list[tuple[str, str]]


def keep_typed(request: HttpRequest, person_id: int) -> bool:
    """Keep a form for the person whose session had just ended; False if there is nothing to keep."""
    text = typed_in(request)
    if not text:
        return False
    kept = {"path": request.get_full_path(), "person": person_id, "form": text}
    request.session[TYPED_KEY] = seal(json.dumps(kept), PURPOSE)
    return True


def typed_by(request: HttpRequest, person_id: int) -> Typed | None:
    """What this person had sent; somebody else's is dropped, unread."""
    sealed = request.session.get(TYPED_KEY)
    if not sealed:
        return None
    kept: dict[str, Any] = json.loads(unseal(sealed, PURPOSE))
    if kept["person"] != person_id or not _is_page(kept["path"]):
        forget_typed(request)
        return None
    return Typed(kept["path"], _without(QueryDict(kept["form"]), ""))


def forget_typed(request: HttpRequest) -> None:
    """It was sent, or is not wanted."""
    request.session.pop(TYPED_KEY, None)


def _is_page(path: str) -> bool:
    try:
        resolve(path.partition("?")[0])
    except Resolver404:
        return False
    return True
