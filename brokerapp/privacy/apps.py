from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Export and erasure, as admin actions with a record."""

    name = "brokerapp.privacy"
    verbose_name = "Personal data"
