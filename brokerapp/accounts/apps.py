from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """People and their brokerage accounts."""

    name = "brokerapp.accounts"
