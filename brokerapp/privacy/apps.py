from django.apps import AppConfig


class PrivacyConfig(AppConfig):
    """Export and erasure, as admin actions with a record."""

    name = "brokerapp.privacy"
    verbose_name = "Personal data"

    def ready(self) -> None:
        from brokerapp.decisions.services import Registered, register
        from brokerapp.privacy import services

        register(
            services.ERASE,
            Registered(
                "Erase what may be erased of a person", services.check_erasable, services.decide_erasure
            ),
        )
