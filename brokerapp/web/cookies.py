"""Names of cookies: over https they say that they are of this host alone, and browsers hold them to it."""

from django.conf import settings
from django.contrib.messages.storage.cookie import CookieStorage
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.messages.storage.session import SessionStorage


def host_only(name: str) -> str:
    """`name`, with the prefix of cookies that only this host can set, where the site is one of https."""
    return f"__Host-{name}" if settings.SESSION_COOKIE_SECURE else name


class HostCookieStorage(CookieStorage):
    """Messages for the next page in a cookie of such a name."""

    @property
    def cookie_name(self) -> str:  # type: ignore[override]
        """The cookie's name."""
        return host_only("messages")


class MessageStorage(FallbackStorage):
    """As Django's: in the cookie, and in the session what does not fit."""

    storage_classes = (HostCookieStorage, SessionStorage)
