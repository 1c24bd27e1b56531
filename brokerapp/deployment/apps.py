from django.apps import AppConfig


class DeploymentConfig(AppConfig):
    """Checks that refuse: every process makes them before it does anything."""

    name = "brokerapp.deployment"

    def ready(self) -> None:
        from brokerapp.deployment import checks  # noqa: F401  registers itself
