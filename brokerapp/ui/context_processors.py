"""What `base.html` needs around every page."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from brokerapp.ui import preferences
from brokerapp.ui.branding import brand
from brokerapp.ui.links import page_url
from brokerapp.ui.navigation import NavItem, is_section_of

ACCOUNT: tuple[tuple[str, ...], ...] = (
    ("Your profile", "short_address", "user", "profile/"),
    ("Inbox", "inbox", "mail"),
    ("Help", "help", "help"),
    ("Your sign-in", "account_security", "lock"),
    ("Open another account", "account_kinds", "user"),
    ("Secure my account", "account_secure", "warn"),
    ("Display", "display", "display"),
)
LEGAL = {
    "terms": "Terms",
    "privacy": "Privacy",
    "disclosures": "Disclosures",
    "form-crs": "Form CRS",
    "fees": "Fees",
    "business-continuity": "Business continuity",
}
"""The legal pages by the key of `brokerapp.legal.texts`, as the footer calls them."""
STAFF: tuple[tuple[str, ...], ...] = (("Operations", "admin:index", "bank"),)
CHROME_URLS = (
    "display",
    "account_login",
    "account_signup",
    "account_logout",
    "session_state",
    "help",
    "inbox",
)


def chrome(request: HttpRequest) -> dict[str, Any]:
    """Navigation, sandbox and demo flags, and the display preferences of this browser."""
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    account = ACCOUNT + STAFF if user and user.is_staff else ACCOUNT
    return {
        "brand": brand(),
        "brand_name": brand_name(),
        "unread": getattr(user, "unread_notices", 0),
        "account_nav": _items(request, account) if signed_in else [],
        "legal_links": [{"title": title, "url": page_url("legal_page", key)} for key, title in LEGAL.items()],
        "chrome_urls": {name: page_url(name) for name in CHROME_URLS},
        "home_url": page_url("home" if signed_in else "landing"),
        "sandbox_ribbon": settings.BROKER_IS_SANDBOX,
        "demo_mode": settings.DEMO_MODE,
        "demo_console_url": f"{settings.BROKER_BASE_URL}/" if settings.DEMO_MODE else "",
        "preferences": preferences.read(request),
    }


def brand_name() -> str:
    """What the site is called."""
    return str(settings.BRAND_NAME)


def _items(request: HttpRequest, entries: tuple[tuple[str, ...], ...]) -> list[NavItem]:
    urls = [(label, page_url(name, *args), icon) for label, name, icon, *args in entries]
    return [NavItem(label, url, icon, is_section_of(request.path, url)) for label, url, icon in urls]
