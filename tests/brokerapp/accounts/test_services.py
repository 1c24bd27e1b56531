from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts import services as accounts
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.workflow.models import StatusChange
from tests.broker_stub import broker_stub
from tests.factories import BrokerageAccountFactory, account_reply

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create(status="SUBMITTED")


def test_apply_account_status_moves_and_keeps_kyc_results(account: BrokerageAccount) -> None:
    reply = account_reply(
        status="ACTION_REQUIRED", kyc_results={"indeterminate": {"ADDRESS_VERIFICATION": {}}}
    )
    accounts.apply_account_status(account=account, reply=reply, asked_at=timezone.now())
    assert account.status == AccountStatus.ACTION_REQUIRED
    assert account.kyc_results is not None
    assert "ADDRESS_VERIFICATION" in account.kyc_results["indeterminate"]
    assert account.last_request_id == reply.request_id


def test_apply_account_status_stale_answer_loses(account: BrokerageAccount) -> None:
    now = timezone.now()
    accounts.apply_account_status(account=account, reply=account_reply(status="ACTIVE"), asked_at=now)
    late = account_reply(status="APPROVED")
    accounts.apply_account_status(account=account, reply=late, asked_at=now - timedelta(seconds=1))
    account.refresh_from_db()
    assert account.status == AccountStatus.ACTIVE


def test_apply_account_status_unknown_word_is_kept_beside_ours(account: BrokerageAccount) -> None:
    accounts.apply_account_status(
        account=account, reply=account_reply(status="MOON_PHASE"), asked_at=timezone.now()
    )
    assert account.status == AccountStatus.SUBMITTED
    assert account.broker_status == "MOON_PHASE"


def test_apply_account_status_same_status_writes_no_history(account: BrokerageAccount) -> None:
    before = StatusChange.objects.about(account).count()
    accounts.apply_account_status(
        account=account, reply=account_reply(status="SUBMITTED"), asked_at=timezone.now()
    )
    assert StatusChange.objects.about(account).count() == before


def test_sync_accounts_failure_of_one_does_not_stop_the_others() -> None:
    broken, fine = (BrokerageAccountFactory.create(status="SUBMITTED") for _ in range(2))
    with broker_stub() as broker:
        broker.on(
            "GET",
            f"/v1/accounts/{broken.broker_account_id}",
            status=401,
            json={"code": 40110000, "message": "no"},
        )
        broker.on(
            "GET",
            f"/v1/accounts/{fine.broker_account_id}",
            json=account_reply(id=str(fine.broker_account_id), status="ACTIVE").model_dump(mode="json"),
        )
        accounts.sync_accounts()
    fine.refresh_from_db()
    assert fine.status == AccountStatus.ACTIVE


def test_sync_balances_stores_decimals_with_the_time_of_asking(account: BrokerageAccount) -> None:
    body: dict[str, Any] = {
        "id": str(account.broker_account_id),
        "status": "ACTIVE",
        "cash": "1234.567",
        "cash_withdrawable": "1000",
        "buying_power": "1234.567",
        "equity": "1300.25",
        "last_equity": "1200",
    }
    before = timezone.now()
    with broker_stub() as broker:
        broker.on("GET", f"/v1/trading/accounts/{account.broker_account_id}/account", json=body)
        accounts.sync_balances(account=account)
    assert account.cash == Decimal("1234.567")
    assert account.equity == Decimal("1300.25")
    assert account.balances_at is not None
    assert account.balances_at >= before


def test_on_account_event_of_a_foreign_account_is_ignored() -> None:
    accounts.on_account_event({"account_id": "4db36989-0000-4000-8000-000000000000"})
