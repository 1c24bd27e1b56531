from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils import timezone

from brokerapp.web import session_limits


class AccountsConfig(AppConfig):
    """People and their brokerage accounts."""

    name = "brokerapp.accounts"

    def ready(self) -> None:
        from allauth.account.signals import authentication_step_completed
        from django.contrib.auth.signals import user_logged_in

        from brokerapp.accounts import credentials, holds, mail_arrival, roles
        from brokerapp.accounts.capabilities import Capability
        from brokerapp.accounts.models import known_values_of, names_of_staff
        from brokerapp.accounts.signin import second_factor
        from brokerapp.decisions import services as decisions
        from brokerapp.mailing import arrivals
        from brokerapp.security import rotation
        from brokerapp.security.known_values import register
        from brokerapp.ui import names

        register(known_values_of)
        names.register(names_of_staff)
        decisions.register(
            holds.LIFT_HOLD,
            decisions.Registered("Open withdrawals again", holds.check_active, holds.decide_lift),
        )
        decisions.register(
            second_factor.REMOVE_LOST,
            decisions.Registered(
                "Take a lost second step away", second_factor.check_has_one, second_factor.decide_removal
            ),
        )
        decisions.register(
            roles.GIVE_ROLE,
            decisions.Registered("Give a role", roles.check_may_get, roles.decide_giving, takes_value=True),
        )
        rotation.register(second_factor.reseal)
        arrivals.register(mail_arrival.note)
        credentials.connect()
        roles.connect()

        if unknown := settings.NOT_OFFERED - set(Capability.values):
            raise ImproperlyConfigured(f"NOT_OFFERED names no capabilities: {', '.join(sorted(unknown))}.")
        if settings.MFA_REQUIRED not in set(second_factor.Required):
            raise ImproperlyConfigured(f"MFA_REQUIRED is one of {', '.join(second_factor.Required)}.")
        user_logged_in.connect(_begin_session, dispatch_uid="brokerapp.accounts.begin_session")
        authentication_step_completed.connect(_renew_session, dispatch_uid="brokerapp.accounts.renew_session")


def _begin_session(request: HttpRequest, **_: Any) -> None:
    """Start the time limits of a session, however it was begun."""
    session_limits.begin(request.session, timezone.now())


def _renew_session(request: HttpRequest, *, reauthenticated: bool = False, **_: Any) -> None:
    """Whoever has a copy of the cookie must not profit from its person's having confirmed."""
    from brokerapp.accounts.signin import sessions

    if reauthenticated:
        sessions.renew(request)
