"""A page that waits for news can be brought up to date without scripts as well."""

import re

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import User
from brokerapp.ui.links import account_url
from tests.factories import BankLinkFactory, BrokerageAccountFactory, OrderFactory, TransferFactory

pytestmark = pytest.mark.django_db


def page_of(noun: str, status: str) -> tuple[User, str]:
    """A person, and the address of their page about a row in a status."""
    if noun == "application":
        account = BrokerageAccountFactory.create(status=status)
        return account.user, reverse("application_status")
    account = BrokerageAccountFactory.create(cash_withdrawable=1000)
    if noun == "order":
        row = OrderFactory.create(account, status=status)
        return account.user, account_url(account, "trading:order", row.pk)
    if noun == "transfer":
        return account.user, account_url(
            account, "funding:transfer", TransferFactory.create(account, status=status).pk
        )
    return account.user, account_url(account, "funding:bank", BankLinkFactory.create(account, status).pk)


@pytest.mark.parametrize(
    ("noun", "status", "waits"),
    [
        ("application", "SUBMITTED", True),
        ("application", "ACTIVE", False),
        ("order", "new", True),
        ("order", "canceled", False),
        ("transfer", "QUEUED", True),
        ("transfer", "COMPLETE", False),
        ("bank", "QUEUED", True),
        ("bank", "APPROVED", False),
    ],
)
def test_page_that_waits_has_a_link_that_reloads_it(noun: str, status: str, waits: bool) -> None:
    person, url = page_of(noun, status)
    client = Client()
    client.force_login(person)
    page = client.get(url).content.decode()
    links = re.findall(r'<noscript>.*?<a href="([^"]+)">Reload this page</a>.*?</noscript>', page, re.DOTALL)
    assert links == ([url] if waits else [])
    assert "JavaScript" not in page
