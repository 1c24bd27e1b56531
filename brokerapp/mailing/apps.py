from django.apps import AppConfig


class MailingConfig(AppConfig):
    """Mails that wait for the mail server, and how each ended."""

    name = "brokerapp.mailing"
    verbose_name = "Mails"
