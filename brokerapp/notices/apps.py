from django.apps import AppConfig


class NoticesConfig(AppConfig):
    """Mails to people about what happened to what is theirs."""

    name = "brokerapp.notices"
    verbose_name = "Notices"
