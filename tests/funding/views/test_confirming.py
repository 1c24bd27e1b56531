"""Confirming who one is before money leaves or a bank is linked."""

from typing import Any

import pyotp
import pytest
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from funding.models import BankLink, Transfer
from tests.account_pages import AccountClient, short
from tests.broker_stub import BrokerStub
from tests.factories import (
    BANK,
    PASSWORD,
    TOTP_SECRET,
    BankLinkFactory,
    give_second_step,
)
from tests.funding.conftest import relationship
from tests.funding.views.conftest import review_url, text

pytestmark = pytest.mark.django_db


def code() -> str:
    return pyotp.TOTP(TOTP_SECRET).now()


def test_withdraw_review_of_an_old_session_asks_for_a_code_and_then_sends_it(
    account: BrokerageAccount,
) -> None:
    BankLinkFactory.create(account)
    give_second_step(account.user)
    owner = AccountClient(account, confirmed=False)
    url = review_url(owner, "60.00", "withdraw")
    asked = owner.post(url).url
    assert asked.startswith(reverse("mfa_reauthenticate"))
    assert not Transfer.objects.exists()
    assert owner.post(asked, {"code": "000000"}).status_code == 200
    assert not Transfer.objects.exists()
    owner.post(asked, {"code": code()})
    assert Transfer.objects.get().direction == "OUTGOING"


def test_withdraw_review_without_a_second_step_leads_there_and_back(account: BrokerageAccount) -> None:
    BankLinkFactory.create(account)
    owner = AccountClient(account, confirmed=False)
    url = review_url(owner, "60.00", "withdraw")
    assert owner.post(url).url == reverse("second_step")
    page = text(owner.get(reverse("second_step")))
    assert "needs a second step besides your password" in page
    give_second_step(account.user)
    assert owner.get(reverse("second_step")).url == url
    assert not Transfer.objects.exists()


@pytest.mark.parametrize("name", ["link_bank", "unlink_bank"])
@pytest.mark.parametrize("method", ["get", "post"])
def test_bank_pages_ask_for_a_second_step_and_a_fresh_confirmation(
    account: BrokerageAccount, name: str, method: str
) -> None:
    args = [BankLinkFactory.create(account).pk] if name == "unlink_bank" else []
    owner = AccountClient(account, confirmed=False)
    ask = getattr(owner, method)
    assert ask(short(f"funding:{name}", *args)).url == reverse("second_step")
    give_second_step(account.user)
    assert ask(short(f"funding:{name}", *args)).url.startswith(reverse("mfa_reauthenticate"))
    assert BankLink.objects.count() == len(args)


def test_link_bank_confirmed_in_between_is_sent_as_it_was_typed_and_kept_sealed(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    give_second_step(account.user)
    broker.on_account(
        "POST", account, "ach_relationships", json=relationship(BankLink(account=account, **BANK))
    )
    owner = AccountClient(account, confirmed=False)
    asked = owner.post(short("funding:link_bank"), BANK).url
    assert BANK["bank_account_number"] not in str(owner.session.items())
    owner.post(asked, {"code": code()})
    assert BankLink.objects.get().bank_account_number == BANK["bank_account_number"]


def test_confirmation_of_something_else_does_not_send_what_another_page_suspended(
    account: BrokerageAccount,
) -> None:
    """Whoever has a copy of the cookie cannot have the person confirm what they did not ask for."""
    BankLinkFactory.create(account)
    give_second_step(account.user)
    owner = AccountClient(account, confirmed=False)
    mine = owner.get(short("funding:link_bank")).url
    owner.post(review_url(owner, "60.00", "withdraw"))
    assert owner.post(mine, {"code": code()}).url == account_url(account, "funding:link_bank")
    assert not Transfer.objects.exists()


def test_payouts_without_second_steps_where_they_are_never_required(
    account: BrokerageAccount, settings: Any
) -> None:
    settings.MFA_REQUIRED = "never"
    owner = AccountClient(account, confirmed=False)
    asked = owner.get(short("funding:link_bank")).url
    assert asked.startswith(reverse("account_reauthenticate"))
    assert owner.post(asked, {"password": PASSWORD}).url == account_url(account, "funding:link_bank")
    assert owner.get(short("funding:link_bank")).status_code == 200
