from django.apps import AppConfig


class StreamsConfig(AppConfig):
    """How far each event stream of the broker has been followed."""

    name = "brokerapp.broker.streams"
    label = "streams"
    verbose_name = "Event streams"
