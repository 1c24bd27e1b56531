from django.apps import AppConfig


class DemoConfig(AppConfig):
    """What only demo mode has: seeded people and a mailbox in the browser."""

    name = "brokerapp.demo"
