"""The start page of transfers, and who may open which page."""

from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.workflow import state
from tests.account_pages import short
from tests.factories import (
    TransferFactory,
    UserFactory,
)
from tests.funding.views.conftest import queries, text

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["transfers", "link_bank", "deposit", "withdraw"])
def test_pages_anonymous_is_sent_to_sign_in(client: Client, name: str) -> None:
    response = client.get(short(f"funding:{name}"))
    assert response.status_code == 302
    assert response.url.startswith(reverse("account_login"))


@pytest.mark.parametrize("name", ["transfers", "link_bank", "deposit", "withdraw"])
def test_pages_person_without_account_is_sent_home(client: Client, name: str) -> None:
    client.force_login(UserFactory.create())
    assert client.get(short(f"funding:{name}")).url == reverse("home")


def test_transfers_new_person_is_told_to_link_a_bank(owner: Client) -> None:
    page = text(owner.get(short("funding:transfers")))
    assert "Link a bank account first" in page
    assert short("funding:deposit") not in page
    assert "No transfers yet" in page


def test_transfers_returned_deposit_has_a_banner(owner: Client, account: BrokerageAccount) -> None:
    TransferFactory.create(account, status="RETURNED", amount="75.00")
    BrokerageAccount.objects.update(cash=Decimal("-75.00"), balances_at=timezone.now())
    page = text(owner.get(short("funding:transfers")))
    assert "deposit of $75.00 was returned by your bank" in page
    assert "Your cash is −$75.00: you owe the broker $75.00." in page
    assert "deposit at least $75.00" in page


def test_transfers_returned_deposit_that_the_balances_do_not_show_yet(
    owner: Client, account: BrokerageAccount
) -> None:
    BrokerageAccount.objects.update(balances_at=timezone.now())
    TransferFactory.create(account, status="RETURNED", amount="75.00")
    page = text(owner.get(short("funding:transfers")))
    assert "Your balances here are from before that." in page
    assert "so you owe nothing" not in page


def test_transfers_returned_deposit_says_what_is_blocked(owner: Client, account: BrokerageAccount) -> None:
    TransferFactory.create(account, status="RETURNED", amount="75.00")
    BrokerageAccount.objects.update(transfers_blocked=True, balances_at=timezone.now())
    page = text(owner.get(short("funding:transfers")))
    assert "the broker has blocked deposits and withdrawals" in page
    assert "contact support" in page


def test_transfers_with_margin_leaves_borrowing_to_the_portfolio(
    owner: Client, account: BrokerageAccount
) -> None:
    BrokerageAccount.objects.update(buying_power=Decimal(1000), multiplier=2)
    page = text(owner.get(short("funding:transfers")))
    assert "Ready to invest" not in page
    assert "$1,000.00" not in page


@pytest.mark.parametrize("page_name", ["transfer", "transfers"])
def test_return_codes_are_words_on_every_page(
    owner: Client, account: BrokerageAccount, page_name: str
) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE")
    transfer = state.move(transfer, "RETURNED", by=state.Process.EVENT, reason="R16")
    url = short("funding:transfer", transfer.pk) if page_name == "transfer" else short("funding:transfers")
    page = text(owner.get(url))
    assert "he bank account is frozen (R16)" in page
    assert "R16" not in page.replace("(R16)", "")


def test_transfers_shows_only_ones_own(owner: Client, account: BrokerageAccount) -> None:
    TransferFactory.create(account, status="COMPLETE", amount="11.11")
    TransferFactory.create(status="COMPLETE", amount="22.22")
    page = text(owner.get(short("funding:transfers")))
    assert "+$11.11" in page
    assert "$22.22" not in page


def test_transfers_query_count_does_not_grow(owner: Client, account: BrokerageAccount) -> None:
    url, counts = short("funding:transfers"), []
    for _ in range(2):
        for amount in range(1, 4):
            TransferFactory.create(account, amount=f"{amount}.00")
            TransferFactory.create(account, amount=f"{amount}.00", status="COMPLETE")
        counts.append(queries(owner, url))
    # The accounts, for the navigation, and the freshness of figures are two of them.
    assert counts[0] == counts[1] <= 17
