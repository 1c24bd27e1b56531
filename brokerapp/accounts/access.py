"""Who sees a page: people with a brokerage account, and only their own."""

from typing import Any

from django.contrib.auth.mixins import LoginRequiredMixin
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect
from django.views.generic import View

from brokerapp.accounts.models import BrokerageAccount, User


def person(request: HttpRequest) -> User:
    """The signed-in person; for views behind `LoginRequiredMixin`."""
    assert isinstance(request.user, User)
    return request.user


class AccountRequiredMixin(LoginRequiredMixin, View):
    """A view of a signed-in person's own account, as `self.account`; without one, the way to get one."""

    account: BrokerageAccount

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.user.is_authenticated:
            return self.handle_no_permission()
        account = BrokerageAccount.objects.filter(user_id=request.user.pk).first()
        if account is None:
            return redirect("home")
        self.account = account
        return super().dispatch(request, *args, **kwargs)
