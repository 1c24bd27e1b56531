from django.apps import AppConfig


class MailingConfig(AppConfig):
    """Mails that wait for the mail server, and how each ended."""

    name = "brokerapp.mailing"
    verbose_name = "Mails"

    def ready(self) -> None:
        from brokerapp.mailing import checks  # noqa: F401  registers itself
