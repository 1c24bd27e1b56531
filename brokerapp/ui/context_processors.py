"""What `base.html` needs around every page."""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse

from brokerapp.ui import preferences


@dataclass(frozen=True)
class NavItem:
    label: str
    url: str
    icon: str
    current: bool


PRIMARY = (
    ("Portfolio", "trading:portfolio", "portfolio"),
    ("Trade", "trading:trade", "trade"),
    ("Transfer", "funding:transfers", "transfer"),
    ("Activity", "activity", "activity"),
    ("Documents", "documents", "documents"),
)
ACCOUNT = (
    ("Profile", "profile", "user"),
    ("Security", "security", "lock"),
    ("Display", "display", "display"),
)
STAFF = (("Operations", "admin:index", "bank"),)
CHROME_URLS = ("help", "display", "account_login", "account_signup", "account_logout")


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Navigation, sandbox and demo flags, and the display preferences of this browser."""
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    account = ACCOUNT + STAFF if user and user.is_staff else ACCOUNT
    return {
        "brand_name": brand_name(),
        "nav": _items(request, PRIMARY) if signed_in else [],
        "account_nav": _items(request, account) if signed_in else [],
        "chrome_urls": {name: _url(name) for name in CHROME_URLS},
        "search_url": _url("trading:search") or _url("trading:trade"),
        "home_url": _url("home" if signed_in else "landing") or "/",
        "sandbox_ribbon": settings.BROKER_IS_SANDBOX,
        "demo_mode": settings.DEMO_MODE,
        "preferences": preferences.read(request),
    }


def brand_name() -> str:
    """What the site is called."""
    return str(getattr(settings, "BRAND_NAME", "Brokerage"))


def _items(request: HttpRequest, entries: tuple[tuple[str, str, str], ...]) -> list[NavItem]:
    urls = [(label, _url(name), icon) for label, name, icon in entries]
    return [NavItem(label, url, icon, _is_current(request.path, url)) for label, url, icon in urls if url]


def _url(name: str) -> str:
    """Empty for a page that this installation does not have."""
    try:
        return reverse(name)
    except NoReverseMatch:
        return ""


def _is_current(path: str, url: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))
