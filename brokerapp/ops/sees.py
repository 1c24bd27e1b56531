"""What a person sees, for staff: their own page, made for them, without signing in as them.

The page's view is asked with a request of its own: a GET, the person's, with a session that is nobody's and
is never saved. It runs in a transaction that the database lets read only, and in which no call to the broker
can be made, so that it changes nothing, whatever the view does. What comes back is shown without its scripts,
forms and buttons, and its links lead to the same view of the next page.
"""

import re
from html import escape
from html.parser import HTMLParser
from typing import Any
from urllib.parse import quote, urlsplit

from allauth.core import context as allauth_context
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.backends.cache import SessionStore
from django.db import DatabaseError, connection, transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.urls import Resolver404, resolve, reverse
from django_htmx.middleware import HtmxDetails

from brokerapp.accounts.models import User

PAGES = frozenset(
    {
        "account_status",
        "application_status",
        "records:activity",
        "records:receipt",
        "funding:transfer",
        "funding:transfers",
        "trading:order",
        "trading:orders",
        "trading:portfolio",
        "trading:position",
        "trading:performance",
    }
)
"""What staff may look at: pages that tell, and neither ask for anything nor show what staff do not see."""
VOID = frozenset("area base br col embed hr img input link meta source track wbr".split())
LEFT_OUT = frozenset({"script", "template", "dialog"})
OFF = frozenset({"button", "input", "select", "textarea"})
LIVE = re.compile(r"(hx-|data-|on)")


class CannotBeShown(Exception):
    """The page is not one of `PAGES`, or could not be made without changing something."""


class _NoSession(SessionStore):
    """A session that is nobody's and is never kept."""

    def save(self, must_create: bool = False) -> None:
        """Nothing is kept."""


def page_as_seen(*, person: User, path: str, by: HttpRequest) -> str:
    """The HTML of one page of a person, as staff may see it; `path` with its query.

    Raises `CannotBeShown`, and `Http404` where the person themselves would find nothing.
    """
    parts = urlsplit(path)
    try:
        match = resolve(parts.path)
    except Resolver404 as error:
        raise CannotBeShown("There is no such page.") from error
    if match.view_name not in PAGES:
        raise CannotBeShown(
            "This page is not shown here: it asks for something, or shows what staff do not see."
        )
    request = _request_of(person, parts.path, parts.query, by)
    request.resolver_match = match
    reply = _ask(request, match)
    if reply.status_code != 200:
        where = reply.headers.get("Location", "")
        raise CannotBeShown(f"The person is led on to {where}." if where else "This page cannot be shown.")
    assert isinstance(reply, HttpResponse)
    return _shown(reply.content.decode(), person)


def _request_of(person: User, path: str, query: str, by: HttpRequest) -> HttpRequest:
    request = HttpRequest()
    request.method = "GET"
    request.path = request.path_info = path
    names = (
        "SERVER_NAME",
        "SERVER_PORT",
        "HTTP_HOST",
        "REMOTE_ADDR",
        "HTTP_X_FORWARDED_FOR",
        "wsgi.url_scheme",
    )
    request.META = {name: by.META[name] for name in names if name in by.META} | {"QUERY_STRING": query}
    request.GET = request.GET.__class__(query)
    request.user = person
    session: SessionBase = _NoSession()
    request.session = session
    request.htmx = HtmxDetails(request)  # type: ignore[attr-defined]
    request.reference = getattr(by, "reference", "")  # type: ignore[attr-defined]
    request._messages = []  # type: ignore[attr-defined]
    return request


def _ask(request: HttpRequest, match: Any) -> HttpResponseBase:
    """The view's answer, made where nothing can be written and nobody called."""
    try:
        with transaction.atomic(), allauth_context.request_context(request):
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION READ ONLY")
            reply: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
            if (render := getattr(reply, "render", None)) is not None:
                reply = render()
            transaction.set_rollback(True)
            return reply
    except (DatabaseError, RuntimeError) as error:
        raise CannotBeShown(
            "This page asks the broker or keeps something when it is opened, so it is not shown here."
        ) from error


class _Still(HTMLParser):
    """Writes a page again without what acts: scripts, live parts, forms and their fields, foreign links."""

    def __init__(self, person: User) -> None:
        super().__init__(convert_charrefs=False)
        self._base = reverse("admin:ops_sees", args=[person.pk])
        self._out: list[str] = []
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in LEFT_OUT:
            self._skipped += tag not in VOID
        if self._skipped or (tag == "link" and not _is_style(attrs)) or (tag == "meta" and _acts(attrs)):
            return
        kept = [
            (name, value) for name, value in attrs if not LIVE.match(name) and name not in ("action", "href")
        ]
        if tag in ("a", "link", "use"):
            kept += self._link(tag, dict(attrs).get("href"))
        if tag in OFF:
            kept.append(("disabled", None))
        tag = "div" if tag == "form" else tag
        words = "".join(
            f' {name}="{escape(value)}"' if value is not None else f" {name}" for name, value in kept
        )
        self._out.append(f"<{tag}{words}>")

    def _link(self, tag: str, href: str | None) -> list[tuple[str, str | None]]:
        if href is None:
            return []
        if tag != "a" or href.startswith("#"):
            return [("href", href)]
        parts = urlsplit(href)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        return [("href", f"{self._base}?page={quote(path)}")] if _is_shown(parts.path) else []

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in LEFT_OUT:
            self._skipped = max(0, self._skipped - 1)
        elif not self._skipped:
            self._out.append("</div>" if tag == "form" else f"</{tag}>")

    def handle_data(self, data: str) -> None:
        if not self._skipped:
            self._out.append(data)

    def handle_entityref(self, name: str) -> None:
        self.handle_data(f"&{name};")

    def handle_charref(self, name: str) -> None:
        self.handle_data(f"&#{name};")

    def handle_decl(self, decl: str) -> None:
        self._out.append(f"<!{decl}>")

    def page(self) -> str:
        """What was written."""
        return "".join(self._out)


def _is_style(attrs: list[tuple[str, str | None]]) -> bool:
    return dict(attrs).get("rel") == "stylesheet"


def _acts(attrs: list[tuple[str, str | None]]) -> bool:
    """Whether a `meta` has the browser do something, as to load the page again."""
    return "http-equiv" in dict(attrs)


def _is_shown(path: str) -> bool:
    try:
        return resolve(path).view_name in PAGES
    except (Resolver404, Http404):
        return False


def _shown(html: str, person: User) -> str:
    """The page at rest: nothing of it acts."""
    parser = _Still(person)
    parser.feed(html)
    parser.close()
    return parser.page()
