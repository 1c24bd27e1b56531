from django.apps import AppConfig


class EventsConfig(AppConfig):
    """Broker events and how far each stream has been followed."""

    name = "brokerapp.events"
    label = "events"
