"""Display preferences: in cookies, so that they hold before sign-in and need no script."""

from dataclasses import dataclass

from django.conf import settings
from django.http import HttpRequest, HttpResponse

THEMES = {"system": "Same as this device", "light": "Light", "dark": "Dark"}
PALETTES = {
    "default": "Teal and rust",
    "blue-orange": "Blue and orange",
    "red-up": "Red for up, green for down",
    "none": "No colors, signs and arrows only",
}
SHORTCUTS = {"on": "On", "off": "Off"}
CHOICES = {"theme": THEMES, "palette": PALETTES, "shortcuts": SHORTCUTS}
YEAR_SECONDS = 365 * 24 * 60 * 60


@dataclass(frozen=True)
class Preferences:
    theme: str = "system"
    palette: str = "default"
    shortcuts: str = "on"


def read(request: HttpRequest) -> Preferences:
    """Preferences of this browser; a cookie with an unknown value counts as unset."""
    known = {name: request.COOKIES.get(_cookie(name), "") for name in CHOICES}
    return Preferences(**{name: value for name, value in known.items() if value in CHOICES[name]})


def write(response: HttpResponse, **chosen: str) -> None:
    """Set the cookie of each given preference for a year. Raises `KeyError` for an unknown name."""
    for name, value in chosen.items():
        if value not in CHOICES[name]:
            raise ValueError(f"unknown {name}: {value!r}")
        response.set_cookie(
            _cookie(name),
            value,
            max_age=YEAR_SECONDS,
            secure=settings.SESSION_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )


def _cookie(name: str) -> str:
    """Over https with the prefix of cookies that only this host can set."""
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name
