from typing import Any

import pytest
from django.db.models import Model
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import LostRace
from funding import tasks
from funding.models import Transfer
from funding.statuses import BankLinkStatus, TransferStatus
from tests.broker_stub import BrokerStub
from tests.factories import (
    BANK,
    BankLinkFactory,
    StaffFactory,
    TransferFactory,
    confirm,
)
from tests.funding.conftest import listed, relationship

pytestmark = pytest.mark.django_db


@pytest.fixture
def ops(client: Client) -> Client:
    client.force_login(StaffFactory.create())
    confirm(client)
    return client


def test_transfer_list_finds_a_request_id(ops: Client) -> None:
    wanted, other = TransferFactory.create(), TransferFactory.create()
    url = reverse("admin:funding_transfer_changelist")
    page = ops.get(url, {"q": wanted.last_request_id}).content.decode()
    assert str(wanted.pk) in page
    assert str(other.pk) not in page


def test_transfer_page_links_its_calls_and_history(ops: Client) -> None:
    transfer = TransferFactory.create(status="RETURNED")
    page = ops.get(reverse("admin:funding_transfer_change", args=[transfer.pk])).content.decode()
    assert f"{reverse('admin:calls_apicall_changelist')}?q={transfer.pk}" in page
    assert "Complete → Returned by the bank" in page


def test_bank_link_page_never_shows_the_numbers(ops: Client) -> None:
    link = BankLinkFactory.create()
    for url in (
        reverse("admin:funding_banklink_changelist"),
        reverse("admin:funding_banklink_change", args=[link.pk]),
    ):
        page = ops.get(url).content.decode()
        assert link.last4 in page
        assert BANK["bank_account_number"] not in page
        assert BANK["bank_routing_number"] not in page


def run(ops: Client, noun: str, action: str, *rows: Model, **answers: str) -> str:
    data = {"action": action, "_selected_action": [str(row.pk) for row in rows], **answers}
    return ops.post(reverse(f"admin:funding_{noun}_changelist"), data, follow=True).content.decode()


def test_ask_broker_action_of_fifty_makes_no_call_in_the_request(
    ops: Client, broker: BrokerStub, django_capture_on_commit_callbacks: Any
) -> None:
    transfers = [TransferFactory.create(status="UNKNOWN") for _ in range(12)]
    with django_capture_on_commit_callbacks() as callbacks:
        run(ops, "transfer", "ask_broker", *transfers)
    sent = [callback.args[1] for callback in callbacks if len(callback.args) > 1]
    assert sent.count("funding.tasks.ask_about_transfer") == 12
    assert broker.count("GET") == 0


def test_ask_about_transfer_task_tells_who_asked(broker: BrokerStub) -> None:
    staff, transfer = StaffFactory.create(), TransferFactory.create()
    broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer, status="COMPLETE")])
    tasks.ask_about_transfer(transfer_id=str(transfer.pk), staff_id=str(staff.pk))
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.COMPLETE
    last = list(StatusChange.objects.about(transfer))[-1]
    assert (last.actor, last.actor_id) == (ActorKind.STAFF, staff.pk)


def test_ask_about_bank_link_task_tells_who_asked(broker: BrokerStub) -> None:
    staff, link = StaffFactory.create(), BankLinkFactory.create(status="QUEUED")
    broker.on_account("GET", link.account, "ach_relationships", json=[relationship(link, status="APPROVED")])
    tasks.ask_about_bank_link(bank_link_id=str(link.pk), staff_id=str(staff.pk))
    link.refresh_from_db()
    assert link.status == BankLinkStatus.APPROVED
    assert list(StatusChange.objects.about(link))[-1].actor == ActorKind.STAFF


REASON = "Dana at the broker looked it up on Monday: they have none."


def test_propose_not_done_action_on_another_status_says_so(ops: Client) -> None:
    page = run(ops, "transfer", "propose_not_done", TransferFactory.create(), reason=REASON)
    assert "there is nothing to decide" in page


def test_propose_not_done_action_that_loses_a_race_says_so(
    ops: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lose(**_: object) -> None:
        raise LostRace("it is no longer UNKNOWN")

    monkeypatch.setattr("brokerapp.decisions.services.propose", lose)
    unknown = TransferFactory.create(status="UNKNOWN")
    page = run(ops, "transfer", "propose_not_done", unknown, reason=REASON)
    assert "no longer UNKNOWN" in page


def test_transfer_list_has_the_queue_of_staff(ops: Client) -> None:
    waiting, fine = TransferFactory.create(status="UNKNOWN"), TransferFactory.create()
    Transfer.objects.filter(pk=waiting.pk).update(needs_decision_at=timezone.now())
    url = reverse("admin:funding_transfer_changelist")
    page = ops.get(url, {"undecided": "yes"}).content.decode()
    assert str(waiting.pk) in page
    assert str(fine.pk) not in page


def test_actions_need_the_permission() -> None:
    client = Client()
    client.force_login(StaffFactory.create(is_superuser=False))
    assert client.get(reverse("admin:funding_transfer_changelist")).status_code == 403
