"""Headers that every page and file has, besides those of Django and of the content security policy."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

NOBODY = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "fullscreen",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "picture-in-picture",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
"""What no page asks a browser for, and no script on it may."""
OURS = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
"""Copying a reference, and passkeys: our own pages only."""
HEADERS = {
    "Permissions-Policy": ", ".join(
        [*(f"{name}=()" for name in NOBODY), *(f"{name}=(self)" for name in OURS)]
    ),
    # No other site may put our pages, files or answers into its own.
    "Cross-Origin-Resource-Policy": "same-origin",
}


class HeadersMiddleware:
    """Adds them where an answer does not have its own."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, value in HEADERS.items():
            response.headers.setdefault(name, value)
        return response
