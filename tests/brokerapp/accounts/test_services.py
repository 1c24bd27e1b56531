import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts import capabilities
from brokerapp.accounts import services as accounts
from brokerapp.accounts.capabilities import Capability
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from brokerapp.broker.streams.models import EventStream, StreamCursor
from brokerapp.workflow import following, state
from brokerapp.workflow.models import StatusChange
from tests.broker_stub import BrokerStub
from tests.factories import BrokerageAccountFactory, account_reply

pytestmark = pytest.mark.django_db

POLL = state.Process.POLL


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(status="SUBMITTED")


def test_apply_account_status_moves_and_keeps_kyc_results(account: BrokerageAccount) -> None:
    reply = account_reply(
        status="ACTION_REQUIRED", kyc_results={"indeterminate": {"ADDRESS_VERIFICATION": {}}}
    )
    accounts.apply_account_status(account=account, reply=reply, asked_at=timezone.now(), by=POLL)
    assert account.status == AccountStatus.ACTION_REQUIRED
    assert account.kyc_results is not None
    assert "ADDRESS_VERIFICATION" in account.kyc_results["indeterminate"]
    assert account.last_request_id == reply.request_id


def test_apply_account_status_stale_answer_loses(account: BrokerageAccount) -> None:
    now = timezone.now()
    accounts.apply_account_status(
        account=account, reply=account_reply(status="ACTIVE"), asked_at=now, by=POLL
    )
    late = account_reply(status="APPROVED")
    accounts.apply_account_status(account=account, reply=late, asked_at=now - timedelta(seconds=1), by=POLL)
    account.refresh_from_db()
    assert account.status == AccountStatus.ACTIVE


def test_apply_account_status_unknown_word_is_kept_beside_ours(account: BrokerageAccount) -> None:
    accounts.apply_account_status(
        account=account, reply=account_reply(status="MOON_PHASE"), asked_at=timezone.now(), by=POLL
    )
    assert account.status == AccountStatus.SUBMITTED
    assert account.broker_status == "MOON_PHASE"


def test_apply_account_status_same_status_writes_no_history(account: BrokerageAccount) -> None:
    before = StatusChange.objects.about(account).count()
    accounts.apply_account_status(
        account=account, reply=account_reply(status="SUBMITTED"), asked_at=timezone.now(), by=POLL
    )
    assert StatusChange.objects.about(account).count() == before


def test_apply_account_status_keeps_a_decimal_of_the_checks(account: BrokerageAccount) -> None:
    reply = account_reply(kyc_results={"reject": {"WATCHLIST_HIT": {"score": Decimal("0.97")}}})
    accounts.apply_account_status(account=account, reply=reply, asked_at=timezone.now(), by=POLL)
    account.refresh_from_db()
    assert account.kyc_results is not None
    assert account.kyc_results["reject"]["WATCHLIST_HIT"] == {"score": "0.97"}


def test_apply_account_status_unknown_word_stops_an_active_account_until_a_known_one_returns(
    account: BrokerageAccount, django_capture_on_commit_callbacks: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told: list[object] = []
    monkeypatch.setattr("brokerapp.live.publish", lambda user_id, noun, *rest: told.append((user_id, noun)))
    for word, may_trade in (("ACTIVE", True), ("PAPER_ONLY", False), ("ACTIVE", True)):
        told.clear()
        with django_capture_on_commit_callbacks(execute=True):
            accounts.apply_account_status(
                account=account, reply=account_reply(status=word), asked_at=timezone.now(), by=POLL
            )
        assert account.status == AccountStatus.ACTIVE
        assert capabilities.can(account, Capability.TRADE) is may_trade
        assert (account.user_id, "brokerageaccount") in told


@pytest.mark.parametrize("word", ["DISABLED", "REJECTED", "ACTION_REQUIRED"])
def test_apply_account_status_of_an_account_that_goes_back(word: str) -> None:
    account = BrokerageAccountFactory.create(status="ACTIVE")
    reply = account_reply(status=word)
    accounts.apply_account_status(
        account=account, reply=reply, asked_at=timezone.now(), by=state.Process.EVENT
    )
    assert account.status == word
    uses = set(Capability) - {Capability.SIGN_TAX_FORM}
    assert not any(capabilities.can(account, capability) for capability in uses)
    newest = StatusChange.objects.about(account).last()
    assert newest is not None
    assert (newest.from_status, newest.to_status, newest.actor) == ("ACTIVE", word, "event")


def account_path(account: BrokerageAccount) -> str:
    return f"/v1/accounts/{account.broker_account_id}"


def test_sync_accounts_failure_of_one_does_not_stop_the_others_and_is_due_again_in_seconds(
    broker: BrokerStub,
) -> None:
    broken, fine = (BrokerageAccountFactory.create(status="SUBMITTED") for _ in range(2))
    now = timezone.now()
    broker.on("GET", account_path(broken), status=401, json={"code": 40110000, "message": "no"})
    broker.on(
        "GET",
        account_path(fine),
        json=account_reply(id=str(fine.broker_account_id), status="ACTIVE").model_dump(mode="json"),
    )
    accounts.sync_accounts(now=now)
    fine.refresh_from_db()
    broken.refresh_from_db()
    assert fine.status == AccountStatus.ACTIVE
    assert (broken.due_at, broken.failed_reads) == (now + following.FIRST_RETRY, 1)


def test_sync_account_that_fails_is_due_again_in_seconds_with_growing_pauses(broker: BrokerStub) -> None:
    account = BrokerageAccountFactory.create(status="ACTIVE")
    pauses = []
    broker.on("GET", account_path(account), body="<html>", status=200)
    for _ in range(3):
        before = timezone.now()
        with pytest.raises(BrokerOutcomeUnknown):
            accounts.sync_account(account=account)
        account.refresh_from_db()
        assert account.due_at is not None
        pauses.append(round((account.due_at - before).total_seconds()))
    assert pauses == [5, 10, 20]


def test_sync_accounts_reads_an_active_account_once_a_day_while_the_stream_lives(broker: BrokerStub) -> None:
    account = BrokerageAccountFactory.create(status="ACTIVE")
    now = timezone.now()
    BrokerageAccount.objects.update(status_at=now - timedelta(days=30))
    StreamCursor.objects.create(stream=EventStream.ACCOUNTS, connected=True, last_seen_at=now)
    broker.on(
        "GET",
        account_path(account),
        json=account_reply(id=str(account.broker_account_id), status="DISABLED").model_dump(mode="json"),
    )
    accounts.sync_accounts(now=now)
    accounts.sync_accounts(now=now + timedelta(minutes=1))
    assert len(broker.calls) == 1
    account.refresh_from_db()
    assert account.status == AccountStatus.DISABLED
    month_old = BrokerageAccount(status="ACTIVE").RHYTHM["ACTIVE"].pause(timedelta(days=30), is_live=True)
    assert month_old == timedelta(days=1)


def test_sync_account_marked_due_while_it_was_read_stays_due(broker: BrokerStub) -> None:
    account = BrokerageAccountFactory.create(status="ACTIVE")

    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        accounts.read_again(account=account)
        reply = account_reply(id=str(account.broker_account_id), status="ACTIVE")
        return 200, {}, json.dumps(reply.model_dump(mode="json"))

    broker.call_back("GET", account_path(account), answer)
    accounts.sync_account(account=account)
    account.refresh_from_db()
    assert account.due_at is not None
    assert account.due_at <= timezone.now()


def test_sync_accounts_leaves_a_closed_account_alone(broker: BrokerStub) -> None:
    BrokerageAccountFactory.create(status="ACCOUNT_CLOSED")
    accounts.sync_accounts(now=timezone.now())
    assert len(broker.calls) == 0


def balances_path(account: BrokerageAccount) -> str:
    return f"/v1/trading/accounts/{account.broker_account_id}/account"


def balances_body(account: BrokerageAccount, **fields: Any) -> dict[str, Any]:
    return {
        "id": str(account.broker_account_id),
        "status": "ACTIVE",
        "cash": "1234.567",
        "cash_withdrawable": "1000",
        "buying_power": "1234.567",
        "equity": "1300.25",
        "last_equity": "1200",
    } | fields


def test_sync_balances_stores_decimals_with_the_time_of_asking(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    before = timezone.now()
    broker.on("GET", balances_path(account), json=balances_body(account))
    accounts.sync_balances(account=account)
    assert account.cash == Decimal("1234.567")
    assert account.equity == Decimal("1300.25")
    assert account.balances_at is not None
    assert account.balances_at >= before


def test_sync_balances_stores_what_the_broker_blocks(broker: BrokerStub) -> None:
    account = BrokerageAccountFactory.create(status="ACTIVE")
    broker.on("GET", balances_path(account))
    for blocked in (True, False):
        body = balances_body(account, trading_blocked=blocked, trade_suspended_by_user=blocked)
        broker.replace("GET", balances_path(account), json=body)
        accounts.sync_balances(account=account)
        assert capabilities.can(account, Capability.BUY) is not blocked
        assert capabilities.can(account, Capability.WITHDRAW)


def test_sync_balances_that_fails_is_due_within_seconds_and_the_sweep_reads_it(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    before = timezone.now()
    broker.on("GET", balances_path(account), body="{", status=200)
    with pytest.raises(BrokerOutcomeUnknown):
        accounts.sync_balances(account=account)
    account.refresh_from_db()
    assert account.balances_due_at is not None
    assert timedelta(0) < account.balances_due_at - before < timedelta(seconds=30)

    broker.replace("GET", balances_path(account), json=balances_body(account))
    asked = broker.count("GET")
    accounts.sync_due_balances(now=before)
    assert broker.count("GET") == asked
    BrokerageAccount.objects.update(balances_due_at=before)
    accounts.sync_due_balances(now=before)
    account.refresh_from_db()
    assert account.cash == Decimal("1234.567")
    assert (account.balances_due_at, account.failed_balance_reads) == (None, 0)


def test_sync_balances_marked_due_while_it_asked_stays_due(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    def answer(request: Any) -> tuple[int, dict[str, str], str]:
        accounts.want_balances(account_id=account.pk)
        return 200, {}, json.dumps(balances_body(account))

    broker.call_back("GET", balances_path(account), answer)
    accounts.sync_balances(account=account)
    assert account.balances_due_at is not None


def test_on_account_event_reads_status_and_blocks(account: BrokerageAccount, broker: BrokerStub) -> None:
    broker.on(
        "GET",
        account_path(account),
        json=account_reply(id=str(account.broker_account_id), status="ACTIVE").model_dump(mode="json"),
    )
    accounts.on_account_event({"account_id": str(account.broker_account_id)})
    account.refresh_from_db()
    assert account.status == AccountStatus.ACTIVE
    assert account.balances_due_at is not None
    newest = StatusChange.objects.about(account).last()
    assert newest is not None
    assert newest.actor == "event"


def test_on_account_event_of_a_foreign_account_is_ignored() -> None:
    accounts.on_account_event({"account_id": "4db36989-0000-4000-8000-000000000000"})
