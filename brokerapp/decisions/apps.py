from django.apps import AppConfig


class DecisionsConfig(AppConfig):
    """Decisions on money that take two people."""

    name = "brokerapp.decisions"
    verbose_name = "Decisions on money"
