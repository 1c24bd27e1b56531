"""Closing an account: refused while something is in it, done once it is empty, and settled by asking."""

import json
from datetime import timedelta
from decimal import Decimal

import pytest
import requests
from django.utils import timezone

from brokerapp.accounts.capabilities import AccountRefused, BeingClosed, Capability, can, check
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_account, sync_balances
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.calls.models import ApiCall
from brokerapp.closing import checklist, services, tasks
from brokerapp.closing.models import AccountClosing, ClosingStatus
from brokerapp.security_log.models import SecurityEvent
from brokerapp.workflow.models import StatusChange
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.factories import (
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    TransferFactory,
    account_reply,
)
from tests.journeys import open_account_at
from tests.sandbox.people import buy
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db

LATER = timedelta(hours=1)


def empty_account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(cash=Decimal(0))


def ask(account: BrokerageAccount) -> AccountClosing:
    return services.request_closing(account=account, by=account.user, now=timezone.now())


def close(account: BrokerageAccount) -> AccountClosing:
    closing = services.close_account(closing=ask(account), now=timezone.now())
    account.refresh_from_db()
    return closing


def test_request_closing_twice_is_one_wish() -> None:
    account = empty_account()
    first, again = ask(account), ask(account)
    assert first == again
    assert SecurityEvent.objects.filter(kind="CLOSING_ASKED", object_id=str(account.pk)).count() == 1
    (change,) = StatusChange.objects.about(first)
    assert (change.actor, change.actor_id) == ("person", account.user_id)


def test_request_closing_stops_everything_else() -> None:
    account = empty_account()
    ask(account)
    account.refresh_from_db()
    assert [capability for capability in Capability if can(account, capability)] == []
    with pytest.raises(BeingClosed):
        check(account, Capability.DEPOSIT)


def test_request_closing_while_something_is_in_the_account() -> None:
    account = empty_account()
    OrderFactory.create(account, status="new")
    PositionFactory.create(account=account)
    TransferFactory.create(account)
    with pytest.raises(checklist.CannotClose, match="open orders, what you hold, transfers on their way"):
        ask(account)
    assert not AccountClosing.objects.exists()
    account.refresh_from_db()
    assert account.closing_since is None


@pytest.mark.parametrize("status", ["SUBMITTED", "DISABLED", "ACCOUNT_CLOSED", "PAPER_ONLY"])
def test_request_closing_of_an_account_that_may_not_be_closed(status: str) -> None:
    account = BrokerageAccountFactory.create(cash=Decimal(0), status=status)
    with pytest.raises(AccountRefused):
        ask(account)
    assert not AccountClosing.objects.exists()


def test_close_account_lost_reply_is_settled_by_reading_the_account(broker: BrokerStub) -> None:
    account = empty_account()
    broker.on_account("POST", account, "actions/close", body=requests.ReadTimeout())
    closing = close(account)
    assert closing.status == ClosingStatus.UNKNOWN
    assert account.closing_since
    open_still = account_reply(id=str(account.broker_account_id)).model_dump(mode="json")
    path = f"/v1/accounts/{account.broker_account_id}"
    broker.on("GET", path, json=open_still)
    services.settle_closing(closing=closing, now=timezone.now() + LATER)
    closing.refresh_from_db()
    assert (closing.status, broker.count("POST")) == (ClosingStatus.UNKNOWN, 2)

    broker.replace("GET", path, json=open_still | {"status": "ACCOUNT_CLOSED"})
    services.settle_closing(closing=closing, now=timezone.now() + LATER)
    closing.refresh_from_db()
    account.refresh_from_db()
    assert closing.status == ClosingStatus.CLOSED
    assert account.status == AccountStatus.ACCOUNT_CLOSED


def test_close_account_refused_opens_it_again_and_says_why(broker: BrokerStub) -> None:
    account = empty_account()
    refusal = {"code": 40010001, "message": "account has a non-zero balance"}
    broker.on_account("POST", account, "actions/close", json=refusal, status=422)
    still = account_reply(id=str(account.broker_account_id)).model_dump(mode="json")
    broker.on("GET", f"/v1/accounts/{account.broker_account_id}", json=still)
    closing = close(account)
    assert closing.status == ClosingStatus.REFUSED
    assert closing.last_request_id == REQUEST_ID
    assert account.closing_since is None
    assert account.balances_due_at  # what we took for empty is read again
    assert ask(account).pk != closing.pk


def test_close_account_refused_and_the_broker_away_is_unknown(broker: BrokerStub) -> None:
    account = empty_account()
    broker.on_account("POST", account, "actions/close", json={"message": "no"}, status=422)
    broker.on("GET", f"/v1/accounts/{account.broker_account_id}", status=503)
    assert close(account).status == ClosingStatus.UNKNOWN


def test_close_account_broker_out_of_reach_is_tried_again(broker: BrokerStub) -> None:
    account = empty_account()
    broker.on_account("POST", account, "actions/close", body=requests.ConnectTimeout())
    closing = close(account)
    assert (closing.status, closing.claimed_at) == (ClosingStatus.SUBMITTING, None)
    broker.replace("POST", f"/v1/accounts/{account.broker_account_id}/actions/close", status=204)
    services.settle_closings(now=timezone.now() + LATER)
    closing.refresh_from_db()
    assert closing.status == ClosingStatus.CLOSED


def test_settle_closing_whose_process_died_before_the_call() -> None:
    account = empty_account()
    closing = ask(account)
    AccountClosing.objects.filter(pk=closing.pk).update(claimed_at=timezone.now() - LATER)
    closing.refresh_from_db()
    services.settle_closing(closing=closing, now=timezone.now())
    closing.refresh_from_db()
    assert (closing.status, closing.claimed_at) == (ClosingStatus.SUBMITTING, None)


def test_closing_at_the_broker_refused_with_positions_and_done_without(sandbox: SandboxProcess) -> None:
    account = open_account_at(sandbox)
    broker_id = str(account.broker_account_id)
    sandbox.deposit(broker_id, "1000")
    buy(sandbox, broker_id, qty="1")
    # Our rows do not know of it yet: the broker's word counts.
    BrokerageAccount.objects.filter(pk=account.pk).update(cash=0, balances_at=timezone.now())
    refused = close(account)
    assert refused.status == ClosingStatus.REFUSED
    assert refused.status_reason == "There is still something held in the account."
    assert ApiCall.objects.about(refused).filter(method="POST").count() == 1
    account = sync_balances(account=account)
    assert account.cash > 0
    with pytest.raises(checklist.CannotClose):
        ask(account)

    other = sync_balances(account=open_account_at(sandbox))
    closing = ask(other)
    tasks.close_account(closing_id=str(closing.pk))
    closing.refresh_from_db()
    assert closing.status == ClosingStatus.CLOSED
    other.refresh_from_db()
    assert sync_account(account=other).status == AccountStatus.ACCOUNT_CLOSED
    # Asked once more, as after a claim that was given back: the broker refuses what is done already.
    AccountClosing.objects.filter(pk=closing.pk).update(status="SUBMITTING", claimed_at=None)
    closing.refresh_from_db()
    assert services.close_account(closing=closing, now=timezone.now()).status == ClosingStatus.CLOSED


def test_closed_is_heard_though_the_account_was_read_since_the_sweep_began(broker: BrokerStub) -> None:
    account = empty_account()
    broker.on_account("POST", account, "actions/close", body=requests.ReadTimeout())
    closing, now = close(account), timezone.now()
    AccountClosing.objects.filter(pk=closing.pk).update(claimed_at=now - timedelta(minutes=2))
    BrokerageAccount.objects.filter(pk=account.pk).update(broker_updated_at=now - timedelta(seconds=10))
    closed = account_reply(id=str(account.broker_account_id), status="ACCOUNT_CLOSED").model_dump(mode="json")
    broker.on("GET", f"/v1/accounts/{account.broker_account_id}", json=closed)
    closing.refresh_from_db()
    services.settle_closing(closing=closing, now=now - timedelta(seconds=30))
    closing.refresh_from_db()
    assert closing.status == ClosingStatus.CLOSED


def test_sweep_that_began_earlier_leaves_no_call_that_looks_lost_while_it_is_open(broker: BrokerStub) -> None:
    """Others of its rows were slow, and while its call is open the sweep of another worker comes."""
    account = empty_account()
    closing, now = ask(account), timezone.now()
    long_ago = now - timedelta(seconds=90)
    AccountClosing.objects.filter(pk=closing.pk).update(status_at=long_ago, send_after=long_ago)
    still = account_reply(id=str(account.broker_account_id)).model_dump(mode="json")
    broker.on("GET", f"/v1/accounts/{account.broker_account_id}", json=still)
    sent = []

    def slow(request: requests.PreparedRequest) -> tuple[int, dict[str, str], str]:
        sent.append(request)
        if len(sent) == 1:
            services.settle_closings(now=timezone.now() + timedelta(seconds=11))
        return 204, {"X-Request-ID": REQUEST_ID}, ""

    broker.call_back("POST", f"/v1/accounts/{account.broker_account_id}/actions/close", slow)
    services.settle_closings(now=now - timedelta(seconds=20))
    assert len(sent) == 1


@pytest.mark.parametrize("odd", ["\0", "\ud83d"])
def test_refusal_in_words_that_no_column_takes_is_one(broker: BrokerStub, odd: str) -> None:
    account = empty_account()
    refusal = {"code": 40010001, "message": f"no {odd} way"}
    broker.on_account("POST", account, "actions/close", body=json.dumps(refusal), status=422)
    still = account_reply(id=str(account.broker_account_id)).model_dump(mode="json")
    broker.on("GET", f"/v1/accounts/{account.broker_account_id}", json=still)
    assert close(account).status == ClosingStatus.REFUSED
