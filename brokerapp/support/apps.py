from django.apps import AppConfig


class SupportConfig(AppConfig):
    """Cases of support: a person's question, the calls around it, and the answers."""

    name = "brokerapp.support"
    verbose_name = "Support"
