"""What a page asks for before it changes how a person signs in, or pays out."""

from typing import Any

from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.http import HttpRequest, HttpResponseBase
from django.views.generic import View

from brokerapp.accounts.signin import second_factor


class SecondFactorRequired(Exception):
    """The person needs a second step of signing in for this and has none; a middleware leads there."""


def check(request: HttpRequest) -> None:
    """Hold a signed-in person to a second step and to having confirmed a moment ago that it is them.

    Raises `SecondFactorRequired`, or allauth's `ReauthenticationRequired`; a middleware answers both.
    """
    if second_factor.is_missing(request.user, for_payout=True):  # type: ignore[arg-type]
        raise SecondFactorRequired
    confirm(request)


def confirm(request: HttpRequest) -> None:
    """Hold a signed-in person to having confirmed a moment ago that it is them.

    Raises allauth's `ReauthenticationRequired`.
    """
    raise_if_reauthentication_required(request, app="")


class ConfirmedMixin(View):
    """A page that is behind `check`, or `confirm`: before anything is typed, and again when it is sent.

    To stand behind the mixin that has made sure that somebody is signed in.
    """

    asks_on = frozenset({"GET", "HEAD", "POST"})
    needs_second_factor = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method in self.asks_on:
            (check if self.needs_second_factor else confirm)(request)
        return super().dispatch(request, *args, **kwargs)
