"""Credits from the firm, against the sandbox process: a second rail beside ACH."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.capabilities import AccountRefused
from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.services import sync_balances
from brokerapp.broker.calls.models import ApiCall
from brokerapp.ui.links import account_url
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.following import EventTooEarly
from brokerapp.workflow.models import StatusChange
from funding import rules
from funding.models import Transfer
from funding.services import journals, settling, transfers
from funding.statuses import RailName, TransferStatus
from funding.tasks import send_transfer
from tests.factories import BrokerageAccountFactory, StaffFactory
from tests.journeys import open_account_at
from tests.sandbox_process import SandboxProcess, eventually

pytestmark = pytest.mark.django_db

LATER = timedelta(minutes=10)


@pytest.fixture
def account(sandbox: SandboxProcess) -> BrokerageAccount:
    return open_account_at(sandbox)


@pytest.fixture
def staff() -> User:
    return StaffFactory.create()


def give(account: BrokerageAccount, staff: User, amount: str = "25.00", **options: Any) -> Transfer:
    values: dict[str, Any] = {
        "account": account,
        "credit_id": uuid4(),
        "amount": Decimal(amount),
        "by": staff,
        "now": timezone.now(),
    }
    values |= options
    return journals.credit_account(**values)


def finish(credit: Transfer, status: str = TransferStatus.COMPLETE) -> Transfer:
    def finished() -> bool:
        transfers.sync_transfers(now=timezone.now() + LATER)
        credit.refresh_from_db()
        return credit.status == status

    eventually(finished, what=status)
    return credit


def at_broker(sandbox: SandboxProcess, account: BrokerageAccount) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = sandbox.get(
        "/v1/journals", params={"to_account": account.broker_account_id}
    )
    return found


def test_credit_account_is_booked_once(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    credit = give(account, staff)
    assert give(account, staff, credit_id=credit.pk) == credit
    send_transfer(transfer_id=str(credit.pk))
    send_transfer(transfer_id=str(credit.pk))
    credit = finish(Transfer.objects.get())
    assert credit.rail == RailName.JOURNAL
    assert len(at_broker(sandbox, account)) == 1
    assert sync_balances(account=account).cash == Decimal(25)
    first = StatusChange.objects.about(credit)[0]
    assert (first.actor, first.actor_id) == (ActorKind.STAFF, staff.pk)


def test_credit_account_is_on_the_persons_pages(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess, client: Client
) -> None:
    credit = give(account, staff)
    send_transfer(transfer_id=str(credit.pk))
    finish(credit)
    client.force_login(account.user)
    assert "Credit from us" in client.get(account_url(account, "funding:transfers")).content.decode()
    receipt = client.get(account_url(account, "funding:transfer", credit.pk)).content.decode()
    assert "Given by us" in receipt


@pytest.mark.parametrize("fault", ["drop_reply", "refuse"])
def test_settle_transfers_lost_reply_is_settled_by_the_same_key(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess, fault: str
) -> None:
    credit = give(account, staff)
    sandbox.fail_next("POST", "/v1/journals", fault)
    send_transfer(transfer_id=str(credit.pk))
    credit.refresh_from_db()
    assert credit.status == TransferStatus.UNKNOWN
    settling.settle_transfers(now=timezone.now() + LATER)
    finish(credit)
    assert len(at_broker(sandbox, account)) == 1
    assert ApiCall.objects.about(credit).filter(method="POST").count() == 2


def test_settle_transfers_reply_that_stays_lost_waits_for_staff(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    credit = give(account, staff)
    sandbox.fail_next("POST", "/v1/journals", "status", status=503, times=3)
    send_transfer(transfer_id=str(credit.pk))
    for minutes in (20, 40):
        settling.settle_transfers(now=timezone.now() + timedelta(minutes=minutes))
    credit.refresh_from_db()
    assert credit.is_undecided


def test_settle_transfers_a_key_is_not_used_for_ever(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    credit = give(account, staff)
    sandbox.fail_next("POST", "/v1/journals", "status", status=503)
    send_transfer(transfer_id=str(credit.pk))
    for hours in (25, 26):
        settling.settle_transfers(now=timezone.now() + timedelta(hours=hours))
    credit.refresh_from_db()
    assert credit.is_undecided
    assert ApiCall.objects.about(credit).filter(method="POST").count() == 1


def test_settle_transfers_finds_a_journal_by_its_note_when_its_key_is_too_old(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    credit, other = give(account, staff), give(account, staff)
    send_transfer(transfer_id=str(other.pk))
    sandbox.fail_next("POST", "/v1/journals", "drop_reply")
    send_transfer(transfer_id=str(credit.pk))
    credit.refresh_from_db()
    assert settling.find_candidates(transfer=credit)
    settling.settle_transfers(now=timezone.now() + timedelta(hours=25))
    credit.refresh_from_db()
    other.refresh_from_db()
    made = {each["id"] for each in at_broker(sandbox, account)}
    assert {str(credit.broker_transfer_id), str(other.broker_transfer_id)} == made
    assert len(made) == 2


def test_sync_transfers_finds_a_journal_that_staff_called_never_made(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    credit = give(account, staff)
    sandbox.fail_next("POST", "/v1/journals", "drop_reply")
    send_transfer(transfer_id=str(credit.pk))
    credit.refresh_from_db()
    settling.record_not_done(transfer=credit, by=staff)
    # By then its call cannot be under way any more.
    Transfer.objects.update(claimed_at=timezone.now() - LATER)
    transfers.sync_transfers(now=timezone.now() + timedelta(days=2))
    credit.refresh_from_db()
    (made,) = at_broker(sandbox, account)
    assert str(credit.broker_transfer_id) == made["id"]
    assert credit.status != TransferStatus.NOT_MADE


def test_sync_transfers_corrected_journal_is_taken_back(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    credit = give(account, staff)
    send_transfer(transfer_id=str(credit.pk))
    credit = finish(Transfer.objects.get())
    body = {"account_id": str(account.broker_account_id), "amount": "20.50"}
    sandbox.request("POST", "/_sandbox/scenarios/journal_correction", json=body).raise_for_status()
    event = {"journal_id": str(credit.broker_transfer_id), "status_to": "correct"}
    assert journals.on_journal_event(event) == ""
    credit.refresh_from_db()
    assert (credit.status, credit.broker_status) == (TransferStatus.CANCELED, "correct")
    assert credit.is_taken_back
    account.refresh_from_db()
    assert account.balances_due_at is not None
    assert sync_balances(account=account).cash == Decimal("20.50")


def journal_event(credit: Transfer, **said: Any) -> dict[str, Any]:
    return {"journal_id": str(uuid4()), "idempotency_key": str(credit.pk), "status_to": "executed"} | said


@pytest.mark.parametrize("thought", [TransferStatus.UNKNOWN, TransferStatus.NOT_MADE])
def test_on_journal_event_adopts_by_our_key_whatever_we_thought(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess, thought: str
) -> None:
    credit = give(account, staff)
    sandbox.fail_next("POST", "/v1/journals", "drop_reply")
    send_transfer(transfer_id=str(credit.pk))
    credit.refresh_from_db()
    if thought == TransferStatus.NOT_MADE:
        settling.record_not_done(transfer=credit, by=staff)
    (made,) = at_broker(sandbox, account)
    assert journals.on_journal_event(journal_event(credit, journal_id=made["id"])) == ""
    credit.refresh_from_db()
    assert str(credit.broker_transfer_id) == made["id"]
    assert credit.status not in (TransferStatus.UNKNOWN, TransferStatus.NOT_MADE)
    assert [one["id"] for one in at_broker(sandbox, account)] == [made["id"]]


def test_on_journal_event_is_applied_where_the_broker_does_not_give_the_journal(
    account: BrokerageAccount, staff: User
) -> None:
    credit = give(account, staff)
    assert journals.on_journal_event(journal_event(credit, status_to="rejected")) == ""
    credit.refresh_from_db()
    assert (credit.status, credit.broker_status) == (TransferStatus.REJECTED, "rejected")


def test_settle_transfers_a_refusal_of_the_second_call_says_nothing_of_the_first(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    credit = give(account, staff)
    sandbox.fail_next("POST", "/v1/journals", "drop_reply")
    send_transfer(transfer_id=str(credit.pk))
    sandbox.fail_next("POST", "/v1/journals", "status", status=422)
    settling.settle_transfers(now=timezone.now() + LATER)
    credit.refresh_from_db()
    assert credit.status == TransferStatus.UNKNOWN
    settling.settle_transfers(now=timezone.now() + 2 * LATER)
    finish(credit)
    assert len(at_broker(sandbox, account)) == 1


def test_sync_transfers_one_journal_that_cannot_be_read_leaves_the_rest_read(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    given = [give(account, staff), give(account, staff)]
    for credit in given:
        send_transfer(transfer_id=str(credit.pk))
    sandbox.fail_next("GET", "/v1/journals/", "status", status=500)
    transfers.sync_transfers(now=timezone.now() + LATER)
    for credit in given:
        credit.refresh_from_db()
    assert sorted(credit.failed_reads for credit in given) == [0, 1]
    for credit in given:
        finish(credit)


def test_send_transfer_refused_by_the_broker(
    account: BrokerageAccount, staff: User, sandbox: SandboxProcess
) -> None:
    credit = give(account, staff, "1000000.00")
    send_transfer(transfer_id=str(credit.pk))
    credit.refresh_from_db()
    assert credit.status == TransferStatus.REJECTED
    assert credit.last_request_id


def test_on_journal_event_of_another_system_is_ignored() -> None:
    assert journals.on_journal_event({"journal_id": str(uuid4())}) == "not one of our journals"


def test_on_journal_event_before_the_reply_is_too_early(staff: User) -> None:
    give(BrokerageAccountFactory.create(), staff)
    with pytest.raises(EventTooEarly):
        journals.on_journal_event({"journal_id": str(uuid4())})


def test_credit_account_that_may_not_be_funded(staff: User) -> None:
    with pytest.raises(AccountRefused):
        give(BrokerageAccountFactory.create(status="SUBMITTED"), staff)


def test_credit_account_under_a_dollar(staff: User) -> None:
    with pytest.raises(rules.AmountTooSmall):
        give(BrokerageAccountFactory.create(), staff, "0.50")


def test_get_transfer_facts_credit_is_no_deposit_of_the_persons(staff: User) -> None:
    credit = give(BrokerageAccountFactory.create(), staff)
    facts = transfers.get_transfer_facts(account=credit.account, now=timezone.now())
    assert facts == rules.TransferFacts()
