"""The pages of a bank: linking one, its page, unlinking it."""

import pytest
import requests
from django.test import Client

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from funding.models import BankLink
from funding.statuses import BankLinkStatus
from tests.account_pages import short
from tests.broker_stub import BrokerStub
from tests.factories import (
    BANK,
    BankLinkFactory,
    TransferFactory,
)
from tests.funding.conftest import relationship
from tests.funding.views.conftest import text

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["bank", "unlink_bank"])
def test_bank_pages_owner_stranger_anonymous(
    owner: Client, stranger: Client, account: BrokerageAccount, name: str
) -> None:
    url = short(f"funding:{name}", BankLinkFactory.create(account).pk)
    assert owner.get(url).status_code == 200
    assert stranger.get(url).status_code == 404
    assert Client().get(url).status_code == 302


def test_link_bank_prefills_the_name_of_the_application(owner: Client) -> None:
    assert 'value="Ada Byron"' in text(owner.get(short("funding:link_bank")))


def test_link_bank_bad_numbers_keep_everything_typed(owner: Client) -> None:
    typed = {
        **BANK,
        "bank_routing_number": "123456789",
        "bank_account_number": "12ab",
        "nickname": "Household",
    }
    response = owner.post(short("funding:link_bank"), typed)
    page = text(response)
    assert response.status_code == 422
    assert set(response.context["form"].errors) == {"bank_routing_number", "bank_account_number"}
    assert all(f'value="{value}"' in page for value in ("123456789", "12ab", "Household"))
    assert "There is a problem" in page
    assert "no-store" in response["Cache-Control"]
    assert not BankLink.objects.exists()


def test_link_bank_somebody_elses_is_refused(owner: Client) -> None:
    response = owner.post(short("funding:link_bank"), {**BANK, "account_owner_name": "Charles Babbage"})
    assert "account_owner_name" in response.context["form"].errors


def test_link_bank_double_post_makes_one_link(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_account(
        "POST", account, "ach_relationships", json=relationship(BankLink(account=account, **BANK))
    )
    first = owner.post(short("funding:link_bank"), BANK)
    again = owner.post(short("funding:link_bank"), BANK)
    assert first.url == again.url == account_url(account, "funding:bank", BankLink.objects.get().pk)
    assert broker.count("POST") == 1


def test_link_bank_refused_by_the_broker_keeps_the_form_and_shows_the_reference(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_account(
        "POST", account, "ach_relationships", json={"code": 40010001, "message": "closed bank"}, status=400
    )
    response = owner.post(short("funding:link_bank"), BANK)
    page = text(response)
    assert response.status_code == 422
    assert "Closed bank" in page
    assert "65ddd35ed1b3433dbf29d11f6d932c88" in page
    assert BANK["bank_account_number"] in page


def test_link_bank_without_a_reply_shows_that_we_are_checking(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_account("POST", account, "ach_relationships", body=requests.ReadTimeout())
    page = text(owner.post(short("funding:link_bank"), BANK, follow=True))
    assert "We are checking with the broker" in page
    assert 'data-live-url="/live/"' in page


def test_bank_page_never_shows_the_numbers(owner: Client, account: BrokerageAccount) -> None:
    page = text(owner.get(short("funding:bank", BankLinkFactory.create(account).pk)))
    assert "••6789" in page
    assert BANK["bank_account_number"] not in page
    assert BANK["bank_routing_number"] not in page


def test_unlink_bank_while_a_transfer_runs_says_why(owner: Client, account: BrokerageAccount) -> None:
    bank = TransferFactory.create(account).bank_link
    assert bank is not None
    response = owner.post(short("funding:unlink_bank", bank.pk), follow=True)
    assert "while a transfer runs over it" in text(response)
    bank.refresh_from_db()
    assert bank.status == BankLinkStatus.APPROVED


def test_unlink_bank_of_somebody_else_is_not_found(stranger: Client, account: BrokerageAccount) -> None:
    bank = BankLinkFactory.create(account)
    assert stranger.post(short("funding:unlink_bank", bank.pk)).status_code == 404


def test_unlink_bank(owner: Client, account: BrokerageAccount, broker: BrokerStub) -> None:
    bank = BankLinkFactory.create(account)
    broker.on_account("DELETE", account, f"ach_relationships/{bank.relationship_id}", status=204)
    response = owner.post(short("funding:unlink_bank", bank.pk), follow=True)
    assert "is unlinked" in text(response)
