"""Where a person sees to their sign-in: the second step, devices, and what was typed when that ended."""

import re
from typing import Any

from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import EmailView, PasswordChangeView, PasswordSetView
from allauth.mfa.adapter import get_adapter
from allauth.mfa.base.views import AuthenticateView, IndexView
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import ViewRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView
from allauth.mfa.webauthn.internal import flows
from allauth.mfa.webauthn.views import (
    AddWebAuthnView,
    LoginWebAuthnView,
    ReauthenticateWebAuthnView,
    RemoveWebAuthnView,
)
from allauth.usersessions.models import UserSession
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.generic import View

from brokerapp.accounts.access import SignInRequiredMixin, person
from brokerapp.accounts.signin import gate, second_factor, sessions, suspended
from brokerapp.web import session_limits

DEVICE_NUMBER = re.compile(r"[0-9]{1,18}")
NEXT_KEY = "after_second_step"
"""In the session: the page that asked for a second step, to come back to once there is one."""


def lead_to_second_step(request: HttpRequest) -> HttpResponse:
    """To the page that says why a second step is needed; the way back is kept."""
    request.session[NEXT_KEY] = request.get_full_path()
    return redirect("second_step")


class Security(SignInRequiredMixin):
    """Everything about a person's sign-in in one place, with what it is like now."""

    def get(self, request: HttpRequest) -> HttpResponse:
        user = person(request)
        own = Authenticator.objects.filter(user=user)
        kinds = [row.type for row in own]
        context = {
            "has_app": Authenticator.Type.TOTP in kinds,
            "passkeys": kinds.count(Authenticator.Type.WEBAUTHN),
            "second_step_missing": second_factor.is_missing(user, for_payout=True),
            "devices": len(sessions.devices_of(user, str(request.session.session_key), timezone.now())),
        }
        return render(request, "account/security.html", context)


class SecondStep(SignInRequiredMixin):
    """Why a second step is needed, and which ones there are."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if second_factor.is_set_up(person(request)):
            return redirect(request.session.pop(NEXT_KEY, "") or "mfa_index")
        context = {"for_staff": person(request).is_staff, "asked": NEXT_KEY in request.session}
        return render(request, "mfa/start.html", context)


class SecondSteps(SignInRequiredMixin, IndexView):
    """The second steps that a person has."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        codes = context["authenticators"].get(Authenticator.Type.RECOVERY_CODES)
        return context | {
            "codes_left": len(codes.get_unused_codes()) if codes else 0,
            "asked": NEXT_KEY in self.request.session,
        }


class RecoveryCodes(SignInRequiredMixin, ViewRecoveryCodesView):
    """The codes for when the second step is lost, and the way back to what had asked for it."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(**kwargs) | {"asked": NEXT_KEY in self.request.session}


class SecondStepOfSignIn(AuthenticateView):
    """Asks for the second step after the password; for a passkey only of those who have one."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        own = Authenticator.objects.filter(user=self.stage.login.user, type=Authenticator.Type.WEBAUTHN)
        return super().get_context_data(**kwargs) | {"has_passkey": own.exists()}


class RemovePasskey(SignInRequiredMixin, RemoveWebAuthnView):
    """Removes a passkey, unless it is the last second step of somebody who must have one."""

    def form_valid(self, form: Any) -> HttpResponse:
        if not get_adapter().can_delete_authenticator(self.get_object()):
            messages.warning(self.request, get_adapter().error_messages["cannot_delete_authenticator"])
            return redirect("mfa_index")
        response: HttpResponse = super().form_valid(form)
        return response


class SignInWithPasskey(LoginWebAuthnView):
    """Signs in by passkey alone, and leads to the page that was asked for."""

    def form_valid(self, form: Any) -> HttpResponse:
        authenticator = form.cleaned_data["credential"]
        login = Login(user=authenticator.user, redirect_url=get_next_redirect_url(self.request))
        return flows.perform_passwordless_login(self.request, authenticator, login)


class ConfirmWithPasskey(SignInRequiredMixin, ReauthenticateWebAuthnView):
    """Confirms by passkey; one that fails is asked for again, with the way back kept."""

    def form_invalid(self, form: Any) -> HttpResponse:
        for text in form.errors.get("credential", []):
            messages.error(self.request, text)
        return HttpResponseRedirect(self.passthrough_next_url(self.request.path))


class Address(SignInRequiredMixin, gate.ConfirmedMixin, EmailView):
    """The e-mail address; a new one takes a second step and a fresh confirmation."""

    asks_on = frozenset({"POST"})

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        missing = second_factor.is_missing(person(self.request), for_payout=True)
        return super().get_context_data(**kwargs) | {"second_step_missing": missing}


class Password(SignInRequiredMixin, gate.ConfirmedMixin, PasswordChangeView):
    """A new password, after a fresh confirmation, which stands for the old one."""

    needs_second_factor = False


class FirstPassword(SignInRequiredMixin, gate.ConfirmedMixin, PasswordSetView):
    """A password for somebody who has none."""

    needs_second_factor = False


class FirstEndsOthers(View):
    """A page that adds a second step: with the first, devices that signed in without one are signed out."""

    def form_valid(self, form: Any) -> HttpResponse:
        user = person(self.request)
        was_set_up = second_factor.is_set_up(user)
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        if not was_set_up:
            sessions.end_all(user, but=str(self.request.session.session_key))
        return response


class AddApp(SignInRequiredMixin, FirstEndsOthers, ActivateTOTPView):
    """Sets up an authenticator app."""


class AddPasskey(SignInRequiredMixin, FirstEndsOthers, AddWebAuthnView):
    """Sets up a passkey."""


class Devices(SignInRequiredMixin):
    """Where a person is signed in; a POST signs one of them out, or all others."""

    def get(self, request: HttpRequest) -> HttpResponse:
        devices = sessions.devices_of(person(request), str(request.session.session_key), timezone.now())
        return render(request, "usersessions/usersession_list.html", {"devices": devices})

    def post(self, request: HttpRequest) -> HttpResponse:
        user, current = person(request), str(request.session.session_key)
        if "others" in request.POST:
            ended = sessions.end_all(user, but=current)
        else:
            number = request.POST.get("device", "")
            one = UserSession.objects.filter(
                user=user, pk=int(number) if DEVICE_NUMBER.fullmatch(number) else 0
            )
            ended = sessions.end(user, one.exclude(session_key=current))
        if ended:
            messages.success(
                request, "That device is signed out." if ended == 1 else f"{ended} devices are signed out."
            )
        else:
            messages.info(request, "No other device was signed in any more.")
        return redirect("usersessions_list")


class SessionState(View):
    """How long this browser stays signed in, as its script asks; a POST is a click and begins the time anew.

    A page that outlived its session learns here of the sign-in that came after it: `who` is the same for the
    same person, and `csrf` is what its forms have to carry now.
    """

    def get(self, request: HttpRequest) -> JsonResponse:
        state = session_limits.state_of(request, timezone.now())
        return JsonResponse(state | ({"csrf": get_token(request)} if request.user.is_authenticated else {}))

    def post(self, request: HttpRequest) -> JsonResponse:
        return self.get(request)  # the middleware has noted it


class Typed(SignInRequiredMixin):
    """What a person sent just after they were signed out: one button sends it now, another drops it."""

    def get(self, request: HttpRequest) -> HttpResponse:
        typed = suspended.typed_by(request, person(request).pk)
        if typed is None:
            return redirect("home")
        return render(request, "account/typed.html", {"typed": typed})

    def post(self, request: HttpRequest) -> HttpResponse:
        suspended.forget_typed(request)
        return redirect("home")
