from django.apps import AppConfig


class HealthConfig(AppConfig):
    """Signs of life of the background processes."""

    name = "brokerapp.health"
    verbose_name = "Health"
