from django.apps import AppConfig


class ActivitiesConfig(AppConfig):
    """The accounts' activities at the broker, and how far they have been read."""

    name = "brokerapp.activities"
    label = "activities"
