"""One person's pages that ask the broker are counted: 120 of them made 127 calls within ten seconds."""

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def clock() -> Iterator[Any]:
    """Twenty seconds past a minute, standing still."""
    with time_machine.travel("2027-03-01 15:00:20Z", tick=False) as traveller:
        yield traveller


@pytest.fixture
def account(client: Client, settings: Any, clock: Any) -> BrokerageAccount:
    settings.BROKER_PAGES_A_MINUTE = 3
    account = BrokerageAccountFactory.create()
    client.force_login(account.user)
    return account


def prices_url(account: BrokerageAccount) -> str:
    return reverse("trading:price_table", args=[account.pk, AssetFactory.create().symbol])


def test_pages_that_ask_the_broker_are_refused_past_the_limit(
    client: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    answers = [client.get(prices_url(account)) for _ in range(5)]
    calls = len(broker.mock.calls)

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    assert calls <= 3
    assert answers[-1].headers["Retry-After"] == "40"
    page = answers[-1].content.decode()
    assert "Wait 40 seconds, then load it again" in page
    assert "no order was placed or canceled, and no money moved" in page


def test_limit_is_over_with_the_minute(
    client: Client, account: BrokerageAccount, broker: BrokerStub, clock: Any
) -> None:
    assert [client.get(prices_url(account)).status_code for _ in range(4)][-1] == 429
    clock.shift(40)
    assert client.get(prices_url(account)).status_code == 200


def test_other_people_and_other_pages_are_not_concerned(
    client: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    assert [client.get(prices_url(account)).status_code for _ in range(4)][-1] == 429
    assert client.get(reverse("trading:orders", args=[account.pk])).status_code == 200
    other = BrokerageAccountFactory.create(user=UserFactory.create())
    stranger = Client()
    stranger.force_login(other.user)
    assert stranger.get(prices_url(other)).status_code == 200


def test_order_past_the_limit_is_not_placed(
    client: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    for _ in range(3):
        client.get(prices_url(account))
    ticket = reverse("trading:ticket", args=[account.pk, AssetFactory.create().symbol])
    answer = client.post(ticket, {"side": "buy", "unit": "shares", "amount": "1"})

    assert answer.status_code == 429
