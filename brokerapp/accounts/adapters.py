"""How allauth fits this site."""

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from brokerapp.accounts.models import User
from brokerapp.web.site_url import at_site_url, mail_site

NOT_THESE = "This e-mail address and password do not belong together. Check both."


def display(user: User) -> str:
    """What a person is called in their own pages and mails; `User.__str__` is for logs and staff."""
    return user.email


class AccountAdapter(DefaultAccountAdapter):
    """allauth's defaults in our words; e-mails carry the site's address instead of a sites table's."""

    error_messages = {
        "account_inactive": "This sign-in is closed. Write to us if you think that is wrong.",
        "cannot_remove_primary_email": "Your main address cannot be removed. Make another one the main one.",
        "duplicate_email": "This e-mail address is yours already.",
        "email_password_mismatch": NOT_THESE,
        "email_taken": "Somebody has an account with this e-mail address. Sign in, or use another one.",
        "enter_current_password": "That is not your current password.",
        "incorrect_code": "That is not the code we sent. Check it, or ask for a new one.",
        "incorrect_password": "That is not your password.",
        "invalid_login": NOT_THESE,
        "invalid_or_expired_key": "This link was used already or is too old. Ask for a new one.",
        "invalid_password_reset": "This link was used already or is too old. Ask for a new one.",
        "max_email_addresses": "You can have up to %d e-mail addresses here. Remove one first.",
        "phone_password_mismatch": NOT_THESE,
        "phone_taken": "Somebody has an account with this phone number.",
        "rate_limited": "That was too often in a short time. Wait a few minutes and try again.",
        "same_as_current": "This is the one you have already.",
        "select_only_one": "Choose one of them.",
        "too_many_login_attempts": "That was wrong too often. Wait a few minutes and try again.",
        "unknown_email": "We know nobody with this e-mail address.",
        "unknown_phone": "We know nobody with this phone number.",
        "unverified_primary_email": "Confirm this address first: follow the link that we mailed to it.",
        "username_blacklisted": "Choose another name.",
        "username_password_mismatch": NOT_THESE,
        "username_taken": "Somebody has this name already.",
    }

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """As allauth does, but with every link to `SITE_URL`: the request's host is what a browser says."""
        ours = {name: at_site_url(value) for name, value in context.items()}
        super().send_mail(template_prefix, email, {"current_site": mail_site(), **ours})

    def get_client_ip(self, request: HttpRequest) -> str:
        from brokerapp.web.addresses import client_ip

        return client_ip(request)
