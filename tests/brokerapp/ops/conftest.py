"""An account whose person has a name."""

from decimal import Decimal

import pytest

from brokerapp.accounts.models import BrokerageAccount
from onboarding.models import KycApplication
from tests.factories import BrokerageAccountFactory, UserFactory


@pytest.fixture
def account() -> BrokerageAccount:
    found = BrokerageAccountFactory.create(
        user=UserFactory.create(), cash=Decimal(900), cash_withdrawable=Decimal(900)
    )
    KycApplication.objects.filter(account=found).update(given_name="Ann", family_name="Lovelace")
    return found
