"""The withdrawal page: how much can leave, and why not more."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.market_time import day_text
from funding.models import Transfer
from tests.account_pages import short
from tests.factories import (
    BankLinkFactory,
    TransferFactory,
)
from tests.funding.views.conftest import text

pytestmark = pytest.mark.django_db


def withdrawal_page(owner: Client, account: BrokerageAccount, **balances: Any) -> str:
    BankLinkFactory.create(account)
    BrokerageAccount.objects.update(**{"cash_withdrawable": Decimal(0), **balances})
    return text(owner.get(short("funding:withdraw")))


def test_withdraw_nothing_of_an_unsettled_sale_says_until_when(
    owner: Client, account: BrokerageAccount
) -> None:
    thursday = datetime(2026, 11, 25, 16, 0, tzinfo=UTC)  # before Thanksgiving
    page = withdrawal_page(owner, account, balances_at=thursday)
    assert "Nothing can be withdrawn now" in page
    assert "$500.00 of your cash is from sales that have not settled" in page
    assert "by Fri 27 Nov." in page
    assert 'name="amount"' not in page


def test_withdraw_nothing_of_a_new_deposit_names_it(owner: Client, account: BrokerageAccount) -> None:
    with time_machine.travel(datetime(2026, 11, 24, 16, 0, tzinfo=UTC), tick=False):
        TransferFactory.create(account, status="COMPLETE", amount="500.00")
        BrokerageAccount.objects.update(cash_withdrawable=Decimal(0))
        page = text(owner.get(short("funding:withdraw")))
    assert "Your deposit of $500.00 was complete on Tue 24 Nov." in page


def test_withdraw_nothing_while_the_deposit_is_on_its_way(owner: Client, account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account, amount="80.00")
    BrokerageAccount.objects.update(cash=Decimal(0), cash_withdrawable=Decimal(0))
    page = text(owner.get(short("funding:withdraw")))
    assert "There is no cash to withdraw." in page
    assert f"expected by {day_text(transfer.expected_on)}." in page


def test_withdraw_nothing_of_money_on_its_way_out(owner: Client, account: BrokerageAccount) -> None:
    BrokerageAccount.objects.update(cash_withdrawable=Decimal(500))
    TransferFactory.create(account, direction="OUTGOING", amount="500.00")
    BrokerageAccount.objects.update(cash_withdrawable=Decimal(0))
    page = text(owner.get(short("funding:withdraw")))
    assert "$500.00 is on its way to your bank already." in page
    assert "have not settled" not in page


def test_withdraw_nothing_of_what_is_owed(owner: Client, account: BrokerageAccount) -> None:
    assert "You owe the broker $30.00." in withdrawal_page(owner, account, cash=Decimal(-30))


def test_withdraw_post_with_nothing_withdrawable_moves_nothing(
    owner: Client, account: BrokerageAccount
) -> None:
    withdrawal_page(owner, account)
    response = owner.post(short("funding:withdraw"), {"amount": "5.00"})
    assert response.status_code == 422
    assert not Transfer.objects.exists()


def test_withdraw_above_the_most_says_the_most(owner: Client, account: BrokerageAccount) -> None:
    BankLinkFactory.create(account)
    response = owner.post(short("funding:withdraw"), {"amount": "100.01"})
    assert "You can withdraw up to $100.00 now." in text(response)
