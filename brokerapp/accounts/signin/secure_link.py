"""The link in mails by which a person who did not do it locks their account up, without signing in."""

from datetime import timedelta

from django.conf import settings
from django.core import signing
from django.urls import reverse

from brokerapp.accounts.models import User

SALT = "secure-account"
LASTS = timedelta(days=30)


def link_for(user: User) -> str:
    """An address by which the person can secure the account without signing in, for 30 days.

    Whoever has it can lock the account up and nothing else.
    """
    path = reverse("account_secure_by_link", args=[signing.dumps(user.pk, salt=SALT)])
    return f"{settings.SITE_URL.rstrip('/')}{path}"
