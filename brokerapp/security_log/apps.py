from django.apps import AppConfig


class SecurityLogConfig(AppConfig):
    """The append-only security log."""

    name = "brokerapp.security_log"
    verbose_name = "Security log"

    def ready(self) -> None:
        from brokerapp.security_log import hearing

        hearing.connect()
