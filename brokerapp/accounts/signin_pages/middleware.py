"""The limits of a session, and who is led to set up a second step."""

from collections.abc import Callable
from datetime import datetime

from allauth.account.adapter import get_adapter
from allauth.core.exceptions import ReauthenticationRequired
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from brokerapp.accounts.signin import second_factor, sessions, suspended
from brokerapp.accounts.signin.gate import SecondFactorRequired
from brokerapp.accounts.signin_pages.views import lead_to_second_step
from brokerapp.ui.links import page_url
from brokerapp.web import session_limits

GetResponse = Callable[[HttpRequest], HttpResponse]
FREE_PAGES = ("/accounts/", "/static/", "/favicon.ico", "/display/", "/mailbox/")
"""Where somebody without the second step that they need can go: to set it up, and out."""


class SessionLimitsMiddleware:
    """Ends a session that was idle for too long, or is too old; otherwise notes that it was used.

    A page that fetches itself again is not use: the person may be gone.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated:
            now = timezone.now()
            left = session_limits.seconds_left(request.session, now, is_staff=request.user.is_staff)
            if left <= 0:
                self._end(request)
            elif _is_use(request):
                self._note(request, now)
        return self.get_response(request)

    def _end(self, request: HttpRequest) -> None:
        person_id = int(request.user.pk or 0)
        UserSession.objects.filter(session_key=request.session.session_key).delete()
        get_adapter().logout(request)
        request.session_ended_of = person_id  # type: ignore[attr-defined]
        if request.method == "GET" and _is_use(request):
            messages.info(request, "You were signed out, as you had not done anything here for a while.")

    def _note(self, request: HttpRequest, now: datetime) -> None:
        if session_limits.note(request.session, now):
            sessions.note_seen(request, now)


def _is_use(request: HttpRequest) -> bool:
    is_question = request.method == "GET" and request.path == page_url("session_state")
    return "HX-Request" not in request.headers and not is_question


class ConfirmationMiddleware:
    """Leads people to set up the second step that they need, or to confirm that it is them, and back.

    It stands inside allauth's own middleware, whose way of suspending a form keeps it as plain text.
    """

    def __init__(self, get_response: GetResponse) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        user = request.user
        if not user.is_authenticated or request.path.startswith(FREE_PAGES):
            return self.get_response(request)
        asked_everywhere = settings.MFA_REQUIRED == second_factor.Required.ALWAYS
        is_asked = asked_everywhere or request.path.startswith(page_url("admin:index"))
        if is_asked and second_factor.is_missing(user):
            return lead_to_second_step(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer what a page asked for; None for any other exception."""
        if isinstance(exception, SecondFactorRequired):
            return lead_to_second_step(request)
        if isinstance(exception, ReauthenticationRequired):
            methods = get_adapter().get_reauthentication_methods(request.user)
            if not methods:
                return redirect("account_login")
            return suspended.suspend(request, methods[0]["url"])
        return None
