"""Who sees which page of trading, and what all of them have in common."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.account_pages import short
from tests.broker_stub import BrokerStub
from tests.factories import (
    OrderFactory,
    PositionFactory,
    StaffFactory,
)
from tests.trading.views.conftest import LONG, review_url, shown
from trading.models import MarketClock, Order

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "url",
    [
        "/portfolio/",
        "/portfolio/AAPL/",
        "/trade/",
        "/trade/AAPL/",
        "/orders/",
        "/orders/8442ae4b-8134-46d8-b36b-23cc07cb719a/",
        "/orders/review/x/",
    ],
)
def test_anonymous_is_sent_to_sign_in(client: Client, url: str) -> None:
    response = client.get(url)

    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_login"))


def test_stranger_finds_no_order(account: BrokerageAccount, stranger: Client) -> None:
    order = OrderFactory.create(account, status="new")

    assert stranger.get(short("trading:order", order.pk)).status_code == 404
    assert stranger.post(short("trading:cancel_order", order.pk)).status_code == 404
    assert order.client_order_id not in stranger.get(short("trading:orders")).content.decode()


def test_stranger_finds_no_position(account: BrokerageAccount, stranger: Client) -> None:
    PositionFactory.create(account=account)

    assert stranger.get("/portfolio/AAPL/").status_code == 404
    assert "AAPL" not in stranger.get("/portfolio/").content.decode()


def test_stranger_cannot_use_a_review(
    account: BrokerageAccount, stranger: Client, broker: BrokerStub
) -> None:
    url = review_url(account)

    assert stranger.get(url).status_code == 404
    assert stranger.post(url).status_code == 404
    assert not Order.objects.exists()


def test_person_without_an_account_is_sent_home(client: Client) -> None:
    client.force_login(StaffFactory.create())

    assert client.get("/portfolio/")["Location"] == reverse("home")


@pytest.mark.parametrize("url", ["/trade/", "/trade/AAPL/", "/portfolio/"])
def test_person_who_may_not_trade_sees_why(owner: Client, url: str) -> None:
    BrokerageAccount.objects.update(trading_blocked=True)

    page = shown(owner.get(url))

    assert "The broker has blocked trading in your account." in page
    assert 'name="amount"' not in page


def test_pages_make_no_broker_call(owner: Client, account: BrokerageAccount, broker: BrokerStub) -> None:
    PositionFactory.create(account=account)
    order = OrderFactory.create(account, status="new")

    for url in (
        "/portfolio/",
        "/portfolio/AAPL/",
        "/trade/?q=a",
        "/trade/AAPL/",
        "/orders/",
        f"/orders/{order.pk}/",
    ):
        assert owner.get(url).status_code == 200
    assert not broker.mock.calls


def test_market_pill_in_the_header(owner: Client) -> None:
    now = timezone.now()
    MarketClock.objects.create(id=1, is_open=True, next_open=now + LONG, next_close=now + LONG, synced_at=now)

    assert "Open · closes" in owner.get("/portfolio/").content.decode()
