from django.apps import AppConfig


class LegalConfig(AppConfig):
    """Legal pages, and the check that they are not samples."""

    name = "brokerapp.legal"

    def ready(self) -> None:
        from brokerapp.legal import checks  # noqa: F401  registers itself
