from django.apps import AppConfig


class WorkflowConfig(AppConfig):
    """How a write happens, and the history of every status."""

    name = "brokerapp.workflow"
    verbose_name = "Status history"

    def ready(self) -> None:
        from brokerapp.workflow import checks  # noqa: F401  registers itself
