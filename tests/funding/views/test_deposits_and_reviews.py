"""Deposits, and the review before a transfer is sent."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from funding.models import BankLink, Transfer
from funding.statuses import BankLinkStatus
from tests.account_pages import short
from tests.factories import (
    BankLinkFactory,
)
from tests.funding.views.conftest import review_url, text

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("amount", ["", "abc", "0.99", "10.005", "50000.01"])
def test_deposit_bad_amount_is_kept_and_explained(
    owner: Client, account: BrokerageAccount, amount: str
) -> None:
    BankLinkFactory.create(account)
    response = owner.post(short("funding:deposit"), {"amount": amount})
    assert response.status_code == 422
    assert response.context["form"].errors["amount"]
    assert f'value="{amount}"' in text(response) or not amount
    assert not Transfer.objects.exists()


def test_deposit_without_a_bank_links_to_the_way_there(owner: Client) -> None:
    page = text(owner.get(short("funding:deposit")))
    assert short("funding:link_bank") in page
    assert 'name="amount"' not in page


def test_deposit_review_says_when_and_makes_one_transfer(owner: Client, account: BrokerageAccount) -> None:
    BankLinkFactory.create(account)
    url = review_url(owner)
    page = text(owner.get(url))
    assert "Deposit $1,234.56 from Bank of America ••6789" in page
    assert "Expected by" in page
    assert not Transfer.objects.exists()
    first, again = owner.post(url), owner.post(url)
    transfer = Transfer.objects.get()
    assert first.url == again.url == account_url(account, "funding:transfer", transfer.pk)
    assert (transfer.amount, transfer.user) == (Decimal("1234.56"), account.user)
    assert owner.get(url).url == first.url


def test_review_of_somebody_else_cannot_be_used(
    owner: Client, stranger: Client, account: BrokerageAccount
) -> None:
    BankLinkFactory.create(account)
    url = review_url(owner)
    assert stranger.get(url).status_code == 404
    assert stranger.post(url).status_code == 404
    assert Client().post(url).url.startswith(reverse("account_login"))
    assert not Transfer.objects.exists()


def test_review_too_old_goes_back_with_the_amount(
    owner: Client, account: BrokerageAccount, settings: Any
) -> None:
    settings.SESSION_IDLE_MINUTES = 60
    BankLinkFactory.create(account)
    url = review_url(owner)
    with time_machine.travel(timezone.now() + timedelta(minutes=31)):
        response = owner.post(url, follow=True)
    assert 'value="1234.56"' in text(response)
    assert "nothing was sent" in text(response)
    assert not Transfer.objects.exists()


def test_review_bank_unlinked_meanwhile_sends_nothing(owner: Client, account: BrokerageAccount) -> None:
    bank = BankLinkFactory.create(account)
    url = review_url(owner)
    BankLink.objects.filter(pk=bank.pk).update(status=BankLinkStatus.CANCELED)
    response = owner.post(url, follow=True)
    assert "Nothing was sent." in text(response)
    assert not Transfer.objects.exists()
