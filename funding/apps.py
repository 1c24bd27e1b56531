from django.apps import AppConfig


class FundingConfig(AppConfig):
    """Bank links and transfers."""

    name = "funding"
