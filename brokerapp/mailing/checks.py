"""Whether the settings of a mail provider are complete: a process that could not use them does not start."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from anymail.exceptions import AnymailConfigurationError
from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.mail import get_connection

from brokerapp.mailing.views import provider_view
from brokerapp.ui.brand_checks import TAG

SECRET_LENGTH = 24


@register(TAG)
def check_provider(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether mails can be handed to the provider, and its reports be read, where the process does either."""
    if not settings.MAIL_PROVIDER:
        return []
    problems: list[CheckMessage] = []
    if settings.MAIL_PROVIDER_OPTIONS:
        problems += _refusals(
            partial(get_connection, settings.MAIL_TRANSPORT), "MAIL_PROVIDER_OPTIONS", "mailing.E001"
        )
    if settings.MAIL_WEBHOOK_SECRET:
        problems += _secret()
        problems += _refusals(provider_view, "MAIL_WEBHOOK_OPTIONS", "mailing.E002")
    return problems


def _refusals(make: Callable[[], Any], setting: str, check_id: str) -> Iterator[CheckMessage]:
    try:
        make()
    except AnymailConfigurationError as error:
        hint = f"What it needs is in {setting}: `NAME=value,NAME=value` in django-anymail's names."
        yield Error(f"{settings.MAIL_PROVIDER}: {error}", hint=hint, id=check_id)


def _secret() -> Iterator[CheckMessage]:
    user, _, password = settings.MAIL_WEBHOOK_SECRET.partition(":")
    if not user or len(password) < SECRET_LENGTH:
        yield Error(
            f"MAIL_WEBHOOK_SECRET is not `user:password`, or the password is shorter than {SECRET_LENGTH}.",
            hint='Make one: python -c "import secrets; print(secrets.token_urlsafe(24))"',
            id="mailing.E003",
        )
