from django.apps import AppConfig


class InHandConfig(AppConfig):
    """What members of staff have taken in hand."""

    name = "brokerapp.in_hand"
    verbose_name = "In hand"
