"""The review of an order, and placing it."""

from datetime import timedelta
from decimal import Decimal

import pytest
import requests
import time_machine
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.trading.conftest import answer_orders, refusal
from tests.trading.views.conftest import review_url, shown
from trading.models import Order, Quote

pytestmark = pytest.mark.django_db


def test_review_places_once_and_shows_the_order(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, account)
    url = review_url(account)

    first, second = owner.post(url, {"seen_price": "200.1"}), owner.post(url, {"seen_price": "200.1"})

    order = Order.objects.get()
    assert first["Location"] == second["Location"] == account_url(account, "trading:order", order.pk)
    assert owner.get(url)["Location"] == first["Location"]
    assert broker.count("POST") == 1
    page = owner.get(first["Location"]).content.decode()
    assert REQUEST_ID in page
    assert str(order.pk) in page
    assert "data-live-url" in page


def test_review_that_borrows_says_how_much_and_what_that_means(
    owner: Client, on_margin: BrokerageAccount
) -> None:
    page = shown(owner.get(review_url(on_margin, notional="8000")))

    assert "This order borrows about $3,000.00 from the broker" in page
    assert "From your own cash</dt><dd>$5,000.00" in page
    assert "You owe the broker after</dt><dd>about $3,000.00" in page
    assert "You pay interest" in page
    assert "a margin call" in page
    assert 'type="checkbox" name="borrow"' in page
    assert "−$3,000.00" not in page


def test_review_that_borrows_is_not_placed_without_the_tick(
    owner: Client, on_margin: BrokerageAccount, broker: BrokerStub
) -> None:
    url = review_url(on_margin, notional="8000")

    page = shown(owner.post(url, {"seen_price": "200.1", "seen_borrowing": "3000"}))

    assert "Nothing was sent: this order borrows about $3,000.00 from the broker." in page
    assert "Place buy order" in page
    assert not Order.objects.exists()
    assert not broker.calls


def test_review_that_borrows_more_than_was_seen_is_asked_again(
    owner: Client, on_margin: BrokerageAccount, broker: BrokerStub
) -> None:
    url = review_url(on_margin, notional="8000")

    page = shown(owner.post(url, {"seen_price": "200.1", "seen_borrowing": "100", "borrow": "on"}))

    assert "now borrows about $3,000.00 from the broker, and you agreed to $100.00" in page
    assert not Order.objects.exists()


def test_review_that_borrows_is_placed_with_the_tick(
    owner: Client, on_margin: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, on_margin)
    url = review_url(on_margin, notional="8000")

    owner.post(url, {"seen_price": "200.1", "seen_borrowing": "3000", "borrow": "on"})

    assert Order.objects.get().notional == Decimal(8000)


def test_review_from_own_cash_asks_for_no_tick(
    owner: Client, on_margin: BrokerageAccount, broker: BrokerStub
) -> None:
    answer_orders(broker, on_margin)
    url = review_url(on_margin, notional="5000")

    assert "orrow" not in shown(owner.get(url)).split("<main")[1].replace("seen_borrowing", "")
    owner.post(url, {"seen_price": "200.1"})

    assert Order.objects.exists()


def test_review_of_one_share_is_in_the_singular(owner: Client, account: BrokerageAccount) -> None:
    page = shown(owner.get(review_url(account, qty="1")))

    assert "Buy 1 share of" in page
    assert "after</dt><dd>1 share<" in page


def test_review_in_dollars(owner: Client, account: BrokerageAccount) -> None:
    page = owner.get(review_url(account, notional="250")).content.decode()

    assert "Buy about 1.249375312 shares of Apple Inc. Common Stock for $250.00 at market" in page
    assert "unit=DOLLARS&amp;amount=250" in page


def test_review_that_no_longer_passes_cannot_be_placed(owner: Client, account: BrokerageAccount) -> None:
    page = owner.get(review_url(account, qty="100")).content.decode()

    assert "Not enough buying power" in page
    assert "Place buy order" not in page


def test_review_price_moved_is_asked_again(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    page = owner.post(review_url(account), {"seen_price": "190"}).content.decode()

    assert "The price has moved from $190.00 to $200.10" in page
    assert 'value="200.1"' in page
    assert not Order.objects.exists()


def test_review_stale_quote_says_last_known(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    Quote.objects.update(synced_at=timezone.now() - timedelta(minutes=1))
    broker.on("GET", "/v2/stocks/snapshots", status=500, json={})

    assert "Last known, " in owner.get(review_url(account)).content.decode()


def test_review_too_old_goes_back_to_the_ticket_as_it_was(owner: Client, account: BrokerageAccount) -> None:
    with time_machine.travel(timezone.now() - timedelta(hours=1)):
        url = review_url(account)

    response = owner.post(url)

    ticket = account_url(account, "trading:asset", "AAPL")
    assert response["Location"] == f"{ticket}?side=BUY&unit=SHARES&amount=0.42"
    assert not Order.objects.exists()


def test_review_outcome_unknown_says_do_not_resend(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_orders("POST", account, body=requests.exceptions.ReadTimeout())

    page = owner.post(review_url(account), follow=True).content.decode()

    assert "We are checking; do not re-send" in page


def test_review_refused_by_the_broker_in_plain_words(
    owner: Client, account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_orders("POST", account, status=403, json=refusal("insufficient buying power"))

    page = owner.post(review_url(account), follow=True).content.decode()

    assert "There is not enough buying power for this order." in page
    assert REQUEST_ID in page
