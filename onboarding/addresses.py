"""Which of a person's applications an address is about.

`/apply/…` is the application for an individual account, the first of nearly everybody. The pages of the
others have their own addresses: the same, with the application's id at the end.
"""

from django.urls import reverse

from onboarding.kinds import AccountKind
from onboarding.models import KycApplication


def of(application: KycApplication) -> str:
    """What comes after the address of a page of the application: "" or its id."""
    return "" if application.account_kind == AccountKind.INDIVIDUAL else f"{application.pk}/"


def url(application: KycApplication, name: str, *args: object) -> str:
    """The address of a page of an application, by the page's name (`apply_step`, `apply_check`, …)."""
    return f"{reverse(name, args=args)}{of(application)}"
