"""Middleware of the whole site."""

from collections.abc import Callable

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse


class NoStoreMiddleware:
    """Keeps signed-in pages out of every cache, so that Back after signing out shows nothing.

    Also refuses bodies past `MAX_UPLOAD_BYTES` before they are read.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if int(request.META.get("CONTENT_LENGTH") or 0) > settings.MAX_UPLOAD_BYTES:
            raise RequestDataTooBig("The request is larger than this site accepts.")
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            response["Cache-Control"] = "no-store, private"
        return response
