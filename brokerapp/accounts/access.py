"""Who sees a page: people with a brokerage account, and only their own."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import Http404, HttpRequest, HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.views.generic import View

from brokerapp.accounts.capabilities import AccountRefused, Capability, refusal
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.ui.links import ACCOUNT_ID, account_url


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

    @classmethod
    def by(cls, account: BrokerageAccount, refused: AccountRefused) -> "Blocked":
        """What a refusal says."""
        url = account_url(account, refused.page) if refused.page else ""
        return cls(str(refused), url, refused.action)


class AccountRequiredMixin(LoginRequiredMixin, View):
    """A page of the account that its address names, as `self.account`: one of the signed-in person's own.

    Another person's account does not exist for them, and neither does one that nobody has: 404.
    """

    account: BrokerageAccount

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        own = BrokerageAccount.objects.filter(user_id=request.user.pk)
        account = own.filter(pk=kwargs.pop(ACCOUNT_ID)).first()
        if account is None:
            raise Http404
        self.account = account
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
