from django.apps import AppConfig


class SecurityConfig(AppConfig):
    """Encryption at rest, and the command that rotates its keys. It has no tables."""

    name = "brokerapp.security"
    verbose_name = "Security"
