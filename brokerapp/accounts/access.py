"""Who sees a page: people with a brokerage account, and only their own."""

from dataclasses import dataclass
from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.mixins import LoginRequiredMixin
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect, resolve_url
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from brokerapp.accounts.capabilities import AccountRefused, Capability, refusal
from brokerapp.accounts.models import BrokerageAccount, User, find_accounts
from brokerapp.accounts.signin import suspended
from brokerapp.ui.branding import brand
from brokerapp.ui.links import ACCOUNT_ID, account_url
from brokerapp.web import allowance


def person(request: HttpRequest) -> User:
    """The signed-in person; for views behind `LoginRequiredMixin`."""
    assert isinstance(request.user, User)
    return request.user


@dataclass(frozen=True)
class Blocked:
    """What a page says instead of a form: the fact that blocks, and where to go on, if anywhere."""

    text: str
    url: str = ""
    action: str = ""
    passes: bool = False
    """Whether time alone helps."""

    @classmethod
    def by(cls, account: BrokerageAccount, refused: AccountRefused) -> "Blocked":
        """What a refusal says."""
        return cls(str(refused), _page_of(account, refused), refused.action, refused.passes)


def _page_of(account: BrokerageAccount, refused: AccountRefused) -> str:
    if not refused.page:
        return ""
    return reverse(refused.page) if refused.of_person else account_url(account, refused.page)


OPENS = {
    "portfolio": "Your portfolio opens",
    "trade": "Trading opens",
    "orders": "Your orders open",
    "transfer": "Transfers open",
    "activity": "Your activity opens",
    "documents": "Your documents open",
    "profile": "Your profile opens",
}
"""What a section does once the account is open, by the beginning of its address."""


def say_what_opens_later(request: HttpRequest, section: str) -> None:
    """Tell an applicant why they see their application instead of the section."""
    messages.info(request, f"{OPENS[section]} once your account is open. This is your application for it.")


SIGNED_OUT = (
    "You were signed out, so nothing was sent: no order was placed, no money moved and no answer was saved. "
    "Sign in, check the page and send it again."
)


class SignInRequiredMixin(LoginRequiredMixin, View):
    """A page of signed-in people. Who was signed out in the middle of it is told, and comes back to it.

    `typed_is_kept`: what they sent is offered to them again; not where it is a decision to be made afresh.
    """

    typed_is_kept = True

    def handle_no_permission(self) -> HttpResponseRedirect:
        request = self.request
        if request.method in ("GET", "HEAD"):
            return redirect_to_login(request.get_full_path())
        messages.warning(request, SIGNED_OUT)
        if not hasattr(self, "get"):
            return redirect_to_login(_page_before(request))
        ended_of = getattr(request, "session_ended_of", None)
        if ended_of and self.typed_is_kept and suspended.keep_typed(request, ended_of):
            return redirect_to_login(resolve_url("account_typed"))
        return redirect_to_login(request.get_full_path())


def _page_before(request: HttpRequest) -> str:
    """The page of ours from which a form was sent; the start page if the browser does not say."""
    came_from = request.headers.get("Referer", "")
    ours = url_has_allowed_host_and_scheme(came_from, {request.get_host()}, request.is_secure())
    parts = urlsplit(came_from)
    return f"{parts.path}?{parts.query}".rstrip("?") if ours and parts.path else resolve_url("home")


def too_many_pages(request: HttpRequest, wait: int) -> HttpResponse:
    """What a person is told who has opened too many pages that ask the broker; `wait` in seconds."""
    context = {"seconds": wait, "most": settings.BROKER_PAGES_A_MINUTE, "brand": brand()}
    headers = {"Retry-After": str(wait)}
    return HttpResponse(render_to_string("429_broker.html", context), status=429, headers=headers)


class AccountRequiredMixin(SignInRequiredMixin):
    """A page of the account that its address names, as `self.account`: one of the signed-in person's own.

    Another person's account does not exist for them, and neither does one that nobody has: 404.
    """

    account: BrokerageAccount
    asks_broker: tuple[str, ...] = ()
    """Methods for which the broker is asked or told something: one person may use them so often a minute."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        # All of them: the header names them too.
        own = find_accounts(int(request.user.pk or 0))
        request.own_accounts = own  # type: ignore[attr-defined]
        wanted = kwargs.pop(ACCOUNT_ID)
        account = next((row for row in own if row.pk == wanted), None)
        if account is None:
            raise Http404
        self.account = account
        if request.method in self.asks_broker and (wait := allowance.take(request.user.pk)):
            return too_many_pages(request, wait)
        return self.dispatch_own(request, *args, **kwargs)

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Answer a request whose account is known; `kwargs` are the rest of the address."""
        return super().dispatch(request, *args, **kwargs)

    def url(self, name: str, *args: object) -> str:
        """The address of a page of this account."""
        return account_url(self.account, name, *args)

    def redirect(self, name: str, *args: object) -> HttpResponseRedirect:
        """To a page of this account."""
        return redirect(self.url(name, *args))

    def blocked_from(self, capability: Capability) -> Blocked | None:
        """What keeps the account from doing this now; None if it may."""
        refused = refusal(self.account, capability)
        return Blocked.by(self.account, refused) if refused else None


class SectionMixin(AccountRequiredMixin):
    """The first page of a section (a key of `OPENS`); an account never opened leads to its application."""

    section: ClassVar[str]

    def dispatch_own(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not self.account.was_opened:
            say_what_opens_later(request, self.section)
            return self.redirect("account_status")
        return super().dispatch_own(request, *args, **kwargs)
