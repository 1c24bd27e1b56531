from django.apps import AppConfig


class UiConfig(AppConfig):
    name = "brokerapp.ui"

    def ready(self) -> None:
        from brokerapp.ui import brand_checks  # noqa: F401  registers itself
