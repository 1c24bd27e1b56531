"""Links in mails lead to `SITE_URL`, whatever host the request that caused the mail had named."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from django.conf import settings


@dataclass(frozen=True)
class MailSite:
    """The site as templates of mails know it."""

    domain: str
    name: str


def mail_site() -> MailSite:
    """This site."""
    host = urlsplit(settings.SITE_URL).netloc
    return MailSite(host, host)


def at_site_url(value: Any) -> Any:
    """`value`, with its scheme and host made those of `SITE_URL` if it is an address of the web."""
    if not isinstance(value, str) or not value.startswith(("http://", "https://", "//")):
        return value
    site = urlsplit(settings.SITE_URL)
    return urlunsplit(urlsplit(value)._replace(scheme=site.scheme, netloc=site.netloc))
