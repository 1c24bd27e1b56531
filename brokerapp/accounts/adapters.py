"""How allauth fits this site."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):
    """allauth's defaults; e-mails carry the site's address from settings instead of a sites table."""

    def get_client_ip(self, request: HttpRequest) -> str:
        from brokerapp.web.addresses import client_ip

        return client_ip(request)
