"""The pages about closing an account."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.closing.models import AccountClosing, ClosingStatus
from brokerapp.workflow import state
from tests.account_pages import AccountClient, short
from tests.factories import BrokerageAccountFactory, PositionFactory

pytestmark = pytest.mark.django_db

CLOSE, CONFIRM = short("closing:close"), short("closing:confirm")


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(cash=Decimal(0))


@pytest.fixture
def owner(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


def text(client: Client, url: str) -> str:
    return client.get(url).content.decode()


def test_close_shows_what_is_to_be_done_and_the_way_to_each(
    owner: AccountClient, account: BrokerageAccount
) -> None:
    PositionFactory.create(account=account)
    page = text(owner, CLOSE)
    assert "One position. Sell it." in page
    assert "See what you hold" in page
    assert CONFIRM not in page
    assert owner.get(CONFIRM).status_code == 302
    owner.post(CONFIRM)
    assert not AccountClosing.objects.exists()


def test_page_of_an_account_in_a_state_that_we_do_not_know_names_it_and_closes_nothing(
    owner: AccountClient, account: BrokerageAccount
) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(broker_status="PAPER_ONLY")
    page = text(owner, CLOSE)
    assert "a state that we do not know yet" in page
    assert "What to do before" not in page
    assert owner.get(CONFIRM).status_code == 302
    owner.post(CONFIRM)
    assert not AccountClosing.objects.exists()


def test_confirm_asks_who_one_is(account: BrokerageAccount) -> None:
    client = AccountClient(account, confirmed=False)
    assert client.get(CLOSE).status_code == 200
    reply = client.post(CONFIRM)
    assert reply.status_code == 302
    assert "/a/" not in reply["Location"].split("?")[0]
    assert not AccountClosing.objects.exists()


def test_confirm_closes_and_the_page_says_how_far_it_is(
    owner: AccountClient, account: BrokerageAccount
) -> None:
    assert "Close your account for good?" in text(owner, CONFIRM)
    owner.post(CONFIRM)
    owner.post(CONFIRM)
    closing = AccountClosing.objects.get()
    page = text(owner, CLOSE)
    assert "Your account is being closed" in page
    assert f"accountclosing:{closing.pk}" in page
    assert "six years" in page
    assert owner.get(CONFIRM).status_code == 302

    closing = state.move(closing, "UNKNOWN", by=state.Process.REPLY, claimed_at=timezone.now())
    assert "We are checking with the broker" in text(owner, CLOSE)
    state.move(closing, ClosingStatus.CLOSED, by=state.Process.SWEEP)
    page = text(owner, CLOSE)
    assert "Your account is closed" in page
    assert "See your documents" in page


def test_pages_of_a_closed_account_stay(owner: AccountClient, account: BrokerageAccount) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(
        status="ACCOUNT_CLOSED", broker_status="ACCOUNT_CLOSED"
    )
    for name in ("records:documents", "records:activity", "trading:portfolio", "account_status"):
        assert owner.get(short(name)).status_code == 200, name
    assert "Your account is closed" in text(owner, CLOSE)
    owner.post(CONFIRM)
    assert not AccountClosing.objects.exists()


def test_close_after_a_refusal_says_why(owner: AccountClient, account: BrokerageAccount) -> None:
    owner.post(CONFIRM)
    state.move(
        AccountClosing.objects.get(),
        ClosingStatus.REFUSED,
        by=state.Process.REPLY,
        reason="account has open positions",
    )
    BrokerageAccount.objects.update(closing_since=None)
    page = text(owner, CLOSE)
    assert "The broker did not close your account" in page
    assert "account has open positions" in page


def test_close_makes_no_more_queries_with_more_in_the_account(
    owner: AccountClient, account: BrokerageAccount
) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as found:
            owner.get(CLOSE)
        return len(found)

    owner.get(CLOSE)
    before = queries()
    PositionFactory.create(account=account)
    assert queries() == before
