from django.apps import AppConfig


class FundingConfig(AppConfig):
    """Bank links and transfers."""

    name = "funding"

    def ready(self) -> None:
        from brokerapp.security.known_values import register
        from funding.models import known_values_of

        register(known_values_of)
