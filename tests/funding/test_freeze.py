"""A process that freezes at the worst moment, and thaws when another has done its work: money moves once."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from brokerapp.broker.calls import recorder
from brokerapp.broker.calls.models import ApiCall
from funding.models import BankLink, Transfer
from funding.services import banks, journals, settling, transfers
from funding.statuses import BankLinkStatus, TransferStatus
from tests.broker_stub import BrokerStub
from tests.factories import BankLinkFactory, BrokerageAccountFactory, StaffFactory, TransferFactory
from tests.funding.conftest import listed, relationship

pytestmark = pytest.mark.django_db

Freeze = Callable[[Callable[[], object]], None]


@pytest.fixture
def freeze(monkeypatch: pytest.MonkeyPatch) -> Freeze:
    """Have the next write freeze between its claim and its row in the call log, while something else runs."""
    record = recorder.ApiCallRecorder.start
    waiting: list[Callable[[], object]] = []

    def start(self: recorder.ApiCallRecorder, call: Any) -> ApiCall:
        if call.method != "GET" and waiting:
            waiting.pop()()
        return record(self, call)

    monkeypatch.setattr(recorder.ApiCallRecorder, "start", start)
    return waiting.append


def after_its_life() -> datetime:
    """When the process that holds a claim of now would have been killed."""
    return timezone.now() + timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 1)


def test_send_transfer_frozen_after_its_claim_posts_nothing_when_it_thaws(
    broker: BrokerStub, freeze: Freeze
) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    broker.on_account("GET", transfer.account, "transfers", json=[])
    broker.on_account("POST", transfer.account, "transfers", json=listed(transfer))
    freeze(lambda: settling.settle_transfers(now=after_its_life()))
    transfers.send_transfer(transfer=Transfer.objects.get(), now=timezone.now())
    transfer.refresh_from_db()
    assert broker.count("POST") == 1
    assert transfer.status == TransferStatus.QUEUED


def test_send_transfer_frozen_and_given_back_posts_nothing_when_it_thaws(
    broker: BrokerStub, freeze: Freeze
) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    freeze(lambda: Transfer.objects.update(claimed_at=None))
    transfer = transfers.send_transfer(transfer=transfer, now=timezone.now())
    assert broker.count("POST") == 0
    assert (transfer.status, transfer.claimed_at) == (TransferStatus.SUBMITTING, None)


def test_send_transfer_frozen_until_we_called_it_not_made_posts_nothing(
    broker: BrokerStub, freeze: Freeze
) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    broker.on_account("GET", transfer.account, "transfers", json=[])
    freeze(lambda: settling.settle_transfers(now=timezone.now() + timedelta(days=2)))
    transfers.send_transfer(transfer=transfer, now=timezone.now())
    transfer.refresh_from_db()
    assert broker.count("POST") == 0
    assert transfer.status == TransferStatus.NOT_MADE


def test_settle_transfer_gives_no_claim_back_while_a_recorded_call_may_arrive(
    broker: BrokerStub, freeze: Freeze
) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    broker.on_account("GET", transfer.account, "transfers", json=[])
    Transfer.objects.update(claimed_at=timezone.now())
    ApiCall.objects.create(
        call_id=uuid4(), method="POST", path="/", about_type="funding.Transfer", about_id=str(transfer.pk)
    )
    settling.settle_transfers(now=after_its_life())
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.UNKNOWN
    assert broker.count("POST") == 0


@pytest.mark.django_db(transaction=True)
def test_send_transfer_database_session_dies_before_the_call_is_recorded(
    broker: BrokerStub, freeze: Freeze
) -> None:
    transfer = TransferFactory.create(status="SUBMITTING")
    broker.on_account("POST", transfer.account, "transfers", json=listed(transfer))
    broker.on_account("GET", transfer.account, "transfers", json=[])

    def die() -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (pid,) = cursor.fetchone()
        other = connection.copy()
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", [pid])
        other.close()

    freeze(die)
    transfers.send_transfer(transfer=transfer, now=timezone.now())
    assert broker.count("POST") == 0
    settling.settle_transfers(now=after_its_life())
    transfer.refresh_from_db()
    assert broker.count("POST") == 1
    assert transfer.status == TransferStatus.QUEUED


def test_link_bank_two_processes_send_once(broker: BrokerStub, freeze: Freeze) -> None:
    link = BankLinkFactory.create(status="SUBMITTING")
    broker.on_account("POST", link.account, "ach_relationships", json=relationship(link))
    again = BankLink.objects.get()
    freeze(lambda: banks.send_bank_link(link=again, now=timezone.now()))
    link = banks.send_bank_link(link=link, now=timezone.now())
    assert broker.count("POST") == 1
    assert link.status == BankLinkStatus.QUEUED


def test_link_bank_frozen_after_its_claim_posts_nothing_when_it_thaws(
    broker: BrokerStub, freeze: Freeze
) -> None:
    link = BankLinkFactory.create(status="SUBMITTING")
    broker.on_account("GET", link.account, "ach_relationships", json=[])
    broker.on_account("POST", link.account, "ach_relationships", json=relationship(link))
    freeze(lambda: banks.settle_bank_links(now=after_its_life()))
    banks.send_bank_link(link=link, now=timezone.now())
    assert broker.count("POST") == 1


def test_credit_account_frozen_after_its_claim_posts_nothing_when_it_thaws(
    broker: BrokerStub, freeze: Freeze, settings: Any
) -> None:
    settings.BROKER_FIRM_ACCOUNT_ID = str(uuid4())
    account = BrokerageAccountFactory.create()
    credit = journals.credit_account(
        account=account, credit_id=uuid4(), amount=Decimal(100), by=StaffFactory.create(), now=timezone.now()
    )
    freeze(lambda: Transfer.objects.update(claimed_at=None))
    transfers.send_transfer(transfer=credit, now=timezone.now())
    assert broker.count("POST") == 0
