"""Middleware of the whole site."""

import logging
import secrets
import time
from collections.abc import Callable

from django.core.exceptions import RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed

from brokerapp.web.bodies import body_limit


class ReferenceMiddleware:
    """Gives each request a reference, shown on error pages and in the log line of the failure."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.reference = secrets.token_hex(8)  # type: ignore[attr-defined]
        return self.get_response(request)


class LogFormatter(logging.Formatter):
    """Log lines in UTC, with the reference of the request they are about; a message is one line."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        record.reference = getattr(getattr(record, "request", None), "reference", "-")
        return super().format(record)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 logging calls it so
        # What strangers sent could otherwise look like a line of ours.
        record.message = record.message.replace("\r", "\\r").replace("\n", "\\n")
        return super().formatMessage(record)


METHODS = ("GET", "HEAD", "POST")


class UnreadableRequestMiddleware:
    """404 for an address or query with a NUL character: no row has one, and PostgreSQL takes none.

    405 for methods that no page has.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        query = request.META.get("QUERY_STRING", "")
        if "\0" in request.path_info or "\0" in query or "%00" in query:
            raise Http404
        if request.method not in METHODS:
            return HttpResponseNotAllowed(METHODS)
        return self.get_response(request)


class NoStoreMiddleware:
    """Keeps signed-in pages out of every cache, so that Back after signing out shows nothing.

    Also refuses bodies past `bodies.body_limit` before they are read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > body_limit(request.path_info):
            raise RequestDataTooBig("The request is larger than this site accepts.")
        response = self.get_response(request)
        # An error page sets the header itself; whose it is may be what could not be found out.
        if not response.has_header("Cache-Control") and request.user.is_authenticated:
            response["Cache-Control"] = "no-store, private"
        return response
