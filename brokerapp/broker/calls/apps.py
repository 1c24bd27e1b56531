from django.apps import AppConfig


class CallsConfig(AppConfig):
    """The log of calls to the broker."""

    name = "brokerapp.broker.calls"
    verbose_name = "Broker calls"
