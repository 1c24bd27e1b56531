"""Changes of how a person signs in start a hold on withdrawals. Only by signal does allauth tell of them."""

from typing import Any

from allauth.account import signals as account_signals
from django.apps import apps

from brokerapp.accounts import mail_arrival
from brokerapp.accounts.holds import place_hold
from brokerapp.accounts.models import User
from brokerapp.accounts.statuses import HoldReason


def connect() -> None:
    """Listen to what changes a person's credentials; called once, when the apps are ready."""
    for signal in (
        account_signals.password_changed,
        account_signals.password_set,
        account_signals.password_reset,
    ):
        signal.connect(on_password, dispatch_uid="hold on withdrawals")
    account_signals.email_changed.connect(on_email, dispatch_uid="hold on withdrawals")
    if apps.is_installed("allauth.mfa"):
        from allauth.mfa import signals as mfa_signals

        mfa_signals.authenticator_added.connect(on_factor_added, dispatch_uid="hold on withdrawals")
        for signal in (mfa_signals.authenticator_removed, mfa_signals.authenticator_reset):
            signal.connect(on_factor_changed, dispatch_uid="hold on withdrawals")


def on_password(sender: Any, user: User, **about: Any) -> None:
    """A new password, however it came about."""
    place_hold(user, HoldReason.PASSWORD)


def on_email(sender: Any, user: User, from_email_address: Any = None, **about: Any) -> None:
    """Another main address. The first that is confirmed, at sign-up, is no change."""
    mail_arrival.forget(user)
    if from_email_address is not None:
        place_hold(user, HoldReason.EMAIL)


def on_factor_added(sender: Any, user: User, authenticator: Any, **about: Any) -> None:
    """A second factor beside another one; recovery codes come along with the first."""
    from allauth.mfa.models import Authenticator

    codes = Authenticator.Type.RECOVERY_CODES
    others = Authenticator.objects.filter(user=user).exclude(pk=authenticator.pk).exclude(type=codes)
    if authenticator.type != codes and others.exists():
        place_hold(user, HoldReason.MFA)


def on_factor_changed(sender: Any, user: User, **about: Any) -> None:
    """A second factor was taken away, or its recovery codes were renewed."""
    place_hold(user, HoldReason.MFA)
