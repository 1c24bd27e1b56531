"""What Django and allauth tell by signal, written down: sign-ins, failures, and changes of credentials.

The signals change nothing here; they are the only way in which these libraries say what happened.
"""

from typing import Any

from allauth.account import signals as account_signals
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth import signals as auth_signals
from django.contrib.auth.base_user import AbstractBaseUser
from django.dispatch import Signal
from django.http import HttpRequest

from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import hash_of, record

ACCOUNT_SIGNALS = {
    account_signals.user_signed_up: Kind.SIGNED_UP,
    account_signals.password_changed: Kind.PASSWORD_CHANGED,
    account_signals.password_set: Kind.PASSWORD_CHANGED,
    account_signals.password_reset: Kind.PASSWORD_RESET,
    account_signals.email_added: Kind.EMAIL_ADDED,
    account_signals.email_confirmed: Kind.EMAIL_CONFIRMED,
    account_signals.email_changed: Kind.EMAIL_CHANGED,
    account_signals.email_removed: Kind.EMAIL_REMOVED,
    auth_signals.user_logged_in: Kind.SIGNED_IN,
    auth_signals.user_logged_out: Kind.SIGNED_OUT,
}


def connect() -> None:
    """Listen to every signal; called once, when the apps are ready."""
    for signal, kind in _all_signals().items():
        signal.connect(_listener(kind), dispatch_uid=f"security_log {kind}", weak=False)
    auth_signals.user_login_failed.connect(on_failure, dispatch_uid="security_log failure")
    account_signals.authentication_step_completed.connect(on_step, dispatch_uid="security_log step")


def _all_signals() -> dict[Signal, Kind]:
    if not apps.is_installed("allauth.mfa"):
        return ACCOUNT_SIGNALS
    from allauth.mfa import signals as mfa_signals

    return ACCOUNT_SIGNALS | {
        mfa_signals.authenticator_added: Kind.MFA_ADDED,
        mfa_signals.authenticator_removed: Kind.MFA_REMOVED,
        mfa_signals.authenticator_reset: Kind.MFA_RENEWED,
        mfa_signals.authenticator_used: Kind.MFA_USED,
        mfa_signals.authentication_failed: Kind.MFA_FAILED,
    }


def _listener(kind: Kind) -> Any:
    def hear(sender: Any, request: HttpRequest | None = None, user: Any = None, **about: Any) -> None:
        user = user or getattr(about.get("email_address"), "user", None)
        if user is None:
            return  # a visitor who signs out
        authenticator = about.get("authenticator")
        detail = {"type": str(authenticator.type)} if authenticator is not None else {}
        record(kind, **by(user), request=request, detail=detail)

    return hear


def by(user: AbstractBaseUser) -> dict[str, Any]:
    """Whom an event about somebody's own credentials is of: `person` or `staff`, as `record` takes it."""
    return {"staff" if getattr(user, "is_staff", False) else "person": user}


def on_step(sender: Any, request: HttpRequest, user: Any, method: str, **extra: Any) -> None:
    """Somebody who is signed in has said once more who they are."""
    if extra.get("reauthenticated"):
        record(Kind.REAUTHENTICATED, **by(user), request=request, detail={"method": method})


def on_failure(
    sender: Any, credentials: dict[str, Any], request: HttpRequest | None = None, **extra: Any
) -> None:
    """A password, or a user name with it, was wrong. The address that was typed is kept as a hash."""
    typed = str(credentials.get("email") or credentials.get("username") or "").strip().lower()
    user = get_user_model()._default_manager.filter(email__iexact=typed).first() if typed else None
    detail = {"address": hash_of(typed, "address")} if typed else {}
    signed_in = request is not None and getattr(request, "user", None) and request.user.is_authenticated
    kind = Kind.REAUTHENTICATION_FAILED if signed_in else Kind.SIGN_IN_FAILED
    record(kind, **(by(user) if user else {}), request=request, detail=detail)
