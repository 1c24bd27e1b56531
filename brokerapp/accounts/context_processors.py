"""The navigation between the pages of a person's account, and between their accounts."""

from dataclasses import dataclass

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from brokerapp.accounts.models import BrokerageAccount, find_accounts
from brokerapp.ui.links import ACCOUNT_ID, account_id_of, account_url, page_url
from brokerapp.ui.navigation import NavItem, is_section_of
from brokerapp.web import session_limits

SECTIONS = (
    ("Portfolio", "trading:portfolio", "portfolio", "portfolio/"),
    ("Trade", "trading:trade", "trade", "trade/"),
    ("Transfer", "funding:transfers", "transfer", "transfer/"),
    ("Activity", "records:activity", "activity", "activity/"),
    ("Documents", "records:documents", "documents", "documents/"),
)
"""Label, name of the page, icon, and the short address, for those whose account is not there yet."""


@dataclass(frozen=True)
class AccountLink:
    """The way to one of several accounts: `label` says which, `status` whether it is in use."""

    label: str
    status: str
    url: str
    current: bool


@dataclass(frozen=True)
class SiteNavigation:
    """What the header shows of a signed-in person's accounts; no `accounts` for those with one or none."""

    sections: list[NavItem]
    search_url: str
    suggestions_url: str
    accounts: list[AccountLink]


def navigation(request: HttpRequest) -> dict[str, object]:
    """`site_nav` for signed-in people, asked for only where a page shows it, and `session_state`."""
    user = getattr(request, "user", None)  # not there on the page of a failure in the middleware
    if user is None or not user.is_authenticated:
        return {}
    return {
        "site_nav": SimpleLazyObject(lambda: _navigation(request)),
        "session_state": session_limits.state_of(request, timezone.now()),
    }


def _navigation(request: HttpRequest) -> SiteNavigation:
    accounts = own_accounts(request)
    page_id = account_id_of(request)
    # A page that is about no account leads to the one that the person most likely wants.
    current = next((row for row in accounts if row.pk == page_id), accounts[0] if accounts else None)
    sections = [
        NavItem(label, url, icon, is_section_of(request.path, url))
        for label, name, icon, short in SECTIONS
        for url in [account_url(current, name) if current else page_url("short_address", short)]
    ]
    several = accounts if len(accounts) > 1 else []
    links = [
        AccountLink(row.title, row.status_label, _same_page(request, row), row.pk == page_id)
        for row in several
    ]
    suggestions = account_url(current, "trading:suggestions") if current else ""
    return SiteNavigation(sections, sections[1].url, suggestions, links)


def own_accounts(request: HttpRequest) -> list[BrokerageAccount]:
    """The signed-in person's accounts; on a page of an account they have been read already."""
    found: list[BrokerageAccount] | None = getattr(request, "own_accounts", None)
    if found is None:
        found = find_accounts(int(request.user.pk or 0))
    return found


def _same_page(request: HttpRequest, account: BrokerageAccount) -> str:
    """This page of another account, if it is not about a row of this one; else the other's portfolio."""
    match = request.resolver_match
    if match is not None and set(match.kwargs) == {ACCOUNT_ID}:
        return account_url(account, match.view_name)
    return account_url(account, "trading:portfolio")
