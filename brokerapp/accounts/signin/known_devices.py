"""Browsers in which a person has signed in before, known by a cookie.

The cookie lets nobody in. It keeps the attempts of strangers apart from those of the person, who cannot be
locked out by them, and it tells when a sign-in comes from a browser that is new.
"""

import secrets

from django.conf import settings
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac

SALT = "known-device"
MAX_AGE_SECONDS = 180 * 24 * 3600
MOST_PEOPLE = 5
"""Of one browser; the one who signed in longest ago is forgotten."""


def _mark(email: str) -> str:
    """What stands for a person in the cookie: no address can be read from it."""
    return salted_hmac(SALT, email.lower(), algorithm="sha256").hexdigest()[:20]


def _read(request: HttpRequest) -> dict[str, str]:
    text = request.COOKIES.get(settings.DEVICE_COOKIE_NAME, "")
    try:
        found = signing.loads(text, salt=SALT, max_age=MAX_AGE_SECONDS)
    except signing.BadSignature:
        return {}
    return dict(found)


def device_id(request: HttpRequest, email: str) -> str:
    """The id of this browser for a person, "" if they have not signed in here."""
    return _read(request).get(_mark(email), "")


def remember(request: HttpRequest, response: HttpResponse, email: str) -> None:
    """Know this browser from now on as one of this person's."""
    people = _read(request)
    known = people.pop(_mark(email), "") or secrets.token_urlsafe(12)
    newest = [*people.items(), (_mark(email), known)][-MOST_PEOPLE:]
    response.set_cookie(
        settings.DEVICE_COOKIE_NAME,
        signing.dumps(dict(newest), salt=SALT),
        max_age=MAX_AGE_SECONDS,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("CrOS", "ChromeOS"),
    ("Linux", "Linux"),
)


def describe(user_agent: str) -> str:
    """What a person calls the device: `Firefox on Windows`, from what its browser says of itself."""
    browser = next((name for word, name in BROWSERS if word in user_agent), "A browser")
    system = next((f" on {name}" for word, name in SYSTEMS if word in user_agent), "")
    return browser + system
