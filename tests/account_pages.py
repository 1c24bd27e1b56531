"""The pages of one account, as its owner's browser asks for them."""

import re
from typing import Any
from uuid import UUID

from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from tests.factories import confirm

SECTIONS = re.compile(r"/(portfolio|trade|watchlists|orders|transfer|activity|documents|status|profile)/")


class AccountClient(Client):
    """A signed-in person's browser; `/portfolio/` and the like are the pages of `account`.

    `confirmed`: with a second step, and as if they had just confirmed that it is them.
    """

    def __init__(self, account: BrokerageAccount, *, confirmed: bool = True) -> None:
        super().__init__()
        self.account = account
        self.force_login(account.user)
        if confirmed:
            confirm(self)

    def generic(self, method: str, path: Any, *args: Any, **kwargs: Any) -> Any:
        if SECTIONS.match(str(path)):
            path = f"/a/{self.account.pk}{path}"
        return super().generic(method, path, *args, **kwargs)


def short(name: str, *args: object) -> str:
    """The address of a page without its account, as `AccountClient` takes it."""
    nobody = UUID(int=0)
    return reverse(name, args=[nobody, *args]).removeprefix(f"/a/{nobody}")
