from django.apps import AppConfig
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured


class AccountsConfig(AppConfig):
    """People and their brokerage accounts."""

    name = "brokerapp.accounts"

    def ready(self) -> None:
        from brokerapp.accounts import credentials, roles
        from brokerapp.accounts.capabilities import Capability
        from brokerapp.accounts.models import known_values_of
        from brokerapp.security.known_values import register

        register(known_values_of)
        credentials.connect()
        roles.connect()

        if unknown := settings.NOT_OFFERED - set(Capability.values):
            raise ImproperlyConfigured(f"NOT_OFFERED names no capabilities: {', '.join(sorted(unknown))}.")
