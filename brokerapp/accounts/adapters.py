"""How allauth fits this site."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.adapter import get_adapter as get_mfa_adapter
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import AnonymousUser
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.urls import reverse

from brokerapp import live
from brokerapp.accounts.models import User
from brokerapp.accounts.signin import (
    known_devices,
    mails,
    people,
    sealing,
    second_factor,
    sessions,
    throttling,
)
from brokerapp.ui.context_processors import brand_name
from brokerapp.web.addresses import client_ip
from brokerapp.web.site_url import at_site_url, mail_site

NOT_THESE = "This e-mail address and password do not belong together. Check both."
FAILED_CONFIRMATIONS = 3
"""Wrong answers at an open session after which its person is told, once an hour."""
HOUR = 3600
SECOND_STEP = "second step"


def display(user: User) -> str:
    """What a person is called in their own pages and mails; `User.__str__` is for logs and staff."""
    return user.email


class AccountAdapter(DefaultAccountAdapter):
    """allauth's defaults in our words; e-mails carry the site's address instead of a sites table's."""

    error_messages = {
        "account_inactive": "This sign-in is closed. Write to us if you think that is wrong.",
        "cannot_remove_primary_email": "Your main address cannot be removed. Make another one the main one.",
        "duplicate_email": "This e-mail address is yours already.",
        "email_password_mismatch": NOT_THESE,
        "email_taken": "Somebody has an account with this e-mail address. Sign in, or use another one.",
        "enter_current_password": "That is not your current password.",
        "incorrect_code": "That is not the code we sent. Check it, or ask for a new one.",
        "incorrect_password": "That is not your password.",
        "invalid_login": NOT_THESE,
        "invalid_or_expired_key": "This link was used already or is too old. Ask for a new one.",
        "invalid_password_reset": "This link was used already or is too old. Ask for a new one.",
        "max_email_addresses": "You can have up to %d e-mail addresses here. Remove one first.",
        "phone_password_mismatch": NOT_THESE,
        "phone_taken": "Somebody has an account with this phone number.",
        "rate_limited": "That was too often in a short time. Wait a few minutes and try again.",
        "same_as_current": "This is the one you have already.",
        "select_only_one": "Choose one of them.",
        "too_many_login_attempts": "That was wrong too often. Wait a few minutes and try again.",
        "unknown_email": "We know nobody with this e-mail address.",
        "unknown_phone": "We know nobody with this phone number.",
        "unverified_primary_email": "Confirm this address first: follow the link that we mailed to it.",
        "username_blacklisted": "Choose another name.",
        "username_password_mismatch": NOT_THESE,
        "username_taken": "Somebody has this name already.",
    }
    _attempt: Any = None
    _is_first_sign_in = False

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """As allauth does, but with every link to `SITE_URL`: the request's host is what a browser says."""
        ours = {name: at_site_url(value) for name, value in context.items()}
        super().send_mail(template_prefix, email, {"current_site": mail_site(), **ours})

    def get_client_ip(self, request: HttpRequest) -> str:
        return client_ip(request)

    # Attempts

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Raises `ValidationError` after too many wrong passwords, see `signin.throttling`."""
        self._attempt = throttling.consume(request, str(credentials.get("email", "")).lower())
        if not self._attempt:
            raise self.validation_error("too_many_login_attempts")

    def _rollback_login_failed_rl_usage(self) -> None:
        if self._attempt:
            self._attempt.rollback()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        throttling.clear(request, str(credentials.get("email", "")).lower())

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        if request.user.is_authenticated:
            tell_of_failed_confirmations(request)

    # Confirming that it is them

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to confirm, the best first. Who has a second step confirms with it: a password leaks."""
        words = {
            "mfa_reauthenticate": "Use a code from your app, or a recovery code",
            "mfa_reauthenticate:webauthn": "Use a passkey",
            "reauthenticate": "Use your password",
        }
        ways = super().get_reauthentication_methods(user)
        if not isinstance(user, AnonymousUser) and second_factor.is_set_up(user):
            ways = [way for way in ways if way["id"] != "reauthenticate"]
            if not get_mfa_adapter().is_mfa_enabled(user, [Authenticator.Type.TOTP]):
                ways.reverse()  # the passkey before recovery codes, which are for the day it is lost
        return [{**way, "description": words[way["id"]]} for way in ways]

    # Signing in and out

    def login(self, request: HttpRequest, user: Any) -> None:
        self._is_first_sign_in = user.last_login is None
        super().login(request, user)

    def post_login(self, request: HttpRequest, user: Any, **how: Any) -> HttpResponse:
        response = super().post_login(request, user, **how)
        known = known_devices.device_id(request, user.email)
        known_devices.remember(request, response, user.email)
        if not known and not self._is_first_sign_in:
            mails.tell(user, "account/email/new_device", request=request)
        return response

    def logout(self, request: HttpRequest) -> None:
        person_id = request.user.pk
        super().logout(request)
        live.check_sessions(person_id)

    def set_password(self, user: Any, password: str) -> None:
        super().set_password(user, password)  # no session that was begun before holds any more
        own = self.request.session.session_key if self.request.user == user else ""
        sessions.end_all(user, but=own or "")

    def get_password_change_redirect_url(self, request: HttpRequest) -> str:
        return reverse("account_security")

    def send_notification_mail(
        self, template_prefix: str, user: Any, context: dict[str, Any] | None = None, email: str | None = None
    ) -> None:
        mails.tell(user, template_prefix, to=email or "", request=self.request, **(context or {}))

    # Signing up

    def save_user(self, request: HttpRequest, user: Any, form: Any, commit: bool = True) -> User:
        """Keep a new person. Raises `people.AddressTaken`."""
        user = super().save_user(request, user, form, commit=False)
        return people.keep_new(user) if commit else user


def tell_of_failed_confirmations(request: HttpRequest) -> None:
    """Count a wrong answer at an open session; after a few its person gets a mail, once an hour."""
    key = f"failed-confirmations:{request.user.pk}"
    cache.add(key, 0, HOUR)
    if cache.incr(key) == FAILED_CONFIRMATIONS:
        person = request.user
        assert isinstance(person, User)
        mails.tell(person, "account/email/failed_confirmations", request=request)


class SecondFactorAdapter(DefaultMFAAdapter):
    """allauth's second step in our words, its secrets encrypted at rest."""

    error_messages = {
        "add_email_blocked": "Take your second step away before you add an e-mail address.",
        "cannot_delete_authenticator": "You need a second step here. Add another one before you remove this.",
        "cannot_generate_recovery_codes": "Recovery codes come with an app or a passkey. Add one first.",
        "incorrect_code": "That is not a code that works now. Each works once: wait for the next one.",
        "unverified_email": "Confirm your new e-mail address, or keep the old one, and come back.",
    }

    def encrypt(self, text: str) -> str:
        return sealing.seal(text, SECOND_STEP)

    def decrypt(self, encrypted_text: str) -> str:
        return sealing.unseal(encrypted_text, SECOND_STEP)

    def get_totp_issuer(self) -> str:
        return brand_name()

    def _get_site_name(self) -> str:
        return brand_name()

    def can_delete_authenticator(self, authenticator: Authenticator) -> bool:
        """Not the last one of somebody who must have one."""
        return not (second_factor.is_required(authenticator.user) and second_factor.is_last(authenticator))

    def generate_authenticator_name(self, user: Any, type: Any) -> str:  # noqa: A002 - their name
        number = Authenticator.objects.filter(user_id=user.pk, type=type).count() + 1
        return "My passkey" if number == 1 else f"My passkey {number}"
