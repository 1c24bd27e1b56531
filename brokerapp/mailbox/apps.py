from django.apps import AppConfig


class MailboxConfig(AppConfig):
    """The dev mailbox: every mail the site has sent, in the browser. In demo mode only."""

    name = "brokerapp.mailbox"
