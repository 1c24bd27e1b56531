from django.apps import AppConfig


class ClosingConfig(AppConfig):
    """Closing accounts, as their owners ask for."""

    name = "brokerapp.closing"
    label = "closing"
