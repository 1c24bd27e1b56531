from datetime import timedelta
from uuid import uuid4

import pytest
import requests
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brokerapp.accounts.capabilities import AccountRefused
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown
from brokerapp.workflow.following import EventTooEarly
from brokerapp.workflow.state import Process
from funding.models import BankLink
from funding.services import banks
from funding.statuses import BankLinkStatus
from tests.broker_stub import BrokerStub
from tests.factories import BANK, BankLinkFactory, BrokerageAccountFactory, TransferFactory
from tests.funding.conftest import relationship, soon

pytestmark = pytest.mark.django_db

ONE_ONLY = {"code": 40910000, "message": "only one active ach relationship allowed"}


@pytest.fixture
def account() -> BrokerageAccount:
    return BrokerageAccountFactory.create()


def link_at(account: BrokerageAccount, broker: BrokerStub, **reply: object) -> BankLink:
    if not reply:
        unsaved = BankLink(account=account, **BANK)
        reply = {"json": relationship(unsaved)}
    broker.on_account("POST", account, "ach_relationships", **reply)
    return banks.link_bank(account=account, details=BANK, by=account.user)


def test_link_bank_takes_over_the_reply(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = link_at(account, broker)
    assert link.status == BankLinkStatus.QUEUED
    assert link.name == "Bank of America ••6789"
    assert link.last_request_id


def test_link_bank_numbers_are_encrypted_at_rest(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = link_at(account, broker)
    with connection.cursor() as cursor:
        cursor.execute("SELECT bank_account_number, bank_routing_number FROM funding_banklink")
        stored = cursor.fetchone()
    assert not any(BANK["bank_account_number"] in value or "121000358" in value for value in stored)
    assert BankLink.objects.get(pk=link.pk).bank_account_number == BANK["bank_account_number"]


def test_account_is_locked_so_that_rows_may_still_refer_to_it(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    """The broker's word on a bank locks that, and refers to its account when it commits.

    Whoever asks for a transfer meanwhile locks the account, and refers to the bank when they commit: with the
    strongest lock each would wait for the other.
    """
    with CaptureQueriesContext(connection) as statements:
        link_at(account, broker)
        TransferFactory.create(status="COMPLETE")
    locks = [one["sql"] for one in statements if 'FROM "accounts_brokerageaccount"' in one["sql"]]
    assert any("FOR NO KEY UPDATE" in lock for lock in locks)
    assert not any("FOR UPDATE" in lock for lock in locks)


def test_link_bank_double_click_gives_the_first_row(account: BrokerageAccount, broker: BrokerStub) -> None:
    first = link_at(account, broker)
    assert banks.link_bank(account=account, details=BANK, by=account.user) == first
    assert broker.count("POST") == 1


def test_link_bank_another_one_is_linked(account: BrokerageAccount, broker: BrokerStub) -> None:
    link_at(account, broker)
    with pytest.raises(banks.BankAlreadyLinked):
        banks.link_bank(account=account, details={**BANK, "bank_account_number": "9999"}, by=account.user)


def test_link_bank_account_in_review() -> None:
    account = BrokerageAccountFactory.create(status="SUBMITTED")
    with pytest.raises(AccountRefused):
        banks.link_bank(account=account, details=BANK, by=account.user)
    assert not BankLink.objects.exists()


def test_link_bank_refused_frees_the_account(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = link_at(account, broker, json={"code": 40010001, "message": "bad routing"}, status=400)
    assert link.status == BankLinkStatus.REJECTED
    assert "Bad routing" in link.status_reason
    assert not BankLink.objects.active().exists()


def test_settle_bank_links_reply_lost_adopts_ours(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = link_at(account, broker, body=requests.ReadTimeout())
    assert link.status == BankLinkStatus.UNKNOWN
    broker.on_account("GET", account, "ach_relationships", json=[relationship(link, status="APPROVED")])
    banks.settle_bank_links(now=soon())
    link.refresh_from_db()
    assert link.status == BankLinkStatus.APPROVED
    assert broker.count("POST") == 1


def test_settle_bank_link_not_there_is_sent_again(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = BankLinkFactory.create(account, status="UNKNOWN")
    broker.on_account("GET", account, "ach_relationships", json=[])
    broker.on_account("POST", account, "ach_relationships", json=relationship(link))
    assert banks.settle_bank_link(link=link, now=soon(), by=Process.SWEEP).status == BankLinkStatus.QUEUED


def test_settle_bank_links_not_there_are_sent_again_after_growing_pauses(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account, status="UNKNOWN")
    broker.on_account("GET", account, "ach_relationships", json=[])
    broker.on_account("POST", account, "ach_relationships", status=503)
    now, pauses = soon(), []
    for _ in range(8):
        banks.settle_bank_link(link=link, now=now, by=Process.SWEEP)
        link.refresh_from_db()
        assert link.status == BankLinkStatus.UNKNOWN
        pauses.append((link.send_after - now).total_seconds())
        assert not BankLink.objects.to_settle(link.send_after - timedelta(seconds=1)).exists()
        now = max(link.send_after, now + timedelta(minutes=1))
    assert broker.count("POST") == 8
    assert pauses == [5, 10, 20, 40, 80, 160, 300, 300]


def test_settle_bank_link_sent_again_while_the_first_arrives(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account, status="UNKNOWN")
    empty = broker.on_account("GET", account, "ach_relationships", json=[])
    broker.on_account("POST", account, "ach_relationships", json=ONE_ONLY, status=409)
    link = banks.settle_bank_link(link=link, now=soon(), by=Process.SWEEP)
    assert link.status == BankLinkStatus.UNKNOWN
    broker.mock.remove(empty)
    broker.on_account("GET", account, "ach_relationships", json=[relationship(link)])
    link = banks.settle_bank_link(link=link, now=soon() + timedelta(minutes=5), by=Process.SWEEP)
    assert link.status == BankLinkStatus.QUEUED


def test_settle_bank_link_other_bank_there_is_refused(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = BankLinkFactory.create(account, status="UNKNOWN")
    other = relationship(link, bank_account_number="5555")
    broker.on_account("GET", account, "ach_relationships", json=[other])
    assert banks.settle_bank_link(link=link, now=soon(), by=Process.SWEEP).status == BankLinkStatus.REJECTED


def unreadable(link: BankLink) -> dict[str, object]:
    return relationship(link, id="00000000-0000-4000-8000-00000000beef", status=None)


def test_settle_bank_link_in_a_list_that_cannot_all_be_read_is_not_sent_again(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account, status="UNKNOWN")
    broker.on_account("GET", account, "ach_relationships", json=[unreadable(link)])
    with pytest.raises(BrokerOutcomeUnknown):
        banks.settle_bank_link(link=link, now=soon(), by=Process.SWEEP)
    assert broker.count("POST") == 0


@pytest.mark.parametrize("ended", ["REJECTED", "CANCELED"])
def test_settle_bank_link_that_the_broker_has_under_an_earlier_row_makes_that_the_link_again(
    account: BrokerageAccount, broker: BrokerStub, ended: str
) -> None:
    former = BankLinkFactory.create(account, status=ended)
    link = BankLinkFactory.create(account, status="UNKNOWN")
    still = relationship(former, status="APPROVED")
    broker.on_account("GET", account, "ach_relationships", json=[still])
    link = banks.settle_bank_link(link=link, now=soon(), by=Process.SWEEP)
    former.refresh_from_db()
    assert (former.status, link.status) == (BankLinkStatus.APPROVED, BankLinkStatus.REJECTED)
    assert "shown here again" in link.status_reason
    assert broker.count("POST") == 0


def test_settle_bank_link_beside_one_unlinked_just_now_is_sent(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    former = BankLinkFactory.create(account, status="CANCELED")
    link = BankLinkFactory.create(account, status="UNKNOWN")
    behind = relationship(former, status="APPROVED")
    broker.on_account("GET", account, "ach_relationships", json=[behind])
    broker.on_account("POST", account, "ach_relationships", json=relationship(link))
    link = banks.settle_bank_link(link=link, now=timezone.now(), by=Process.SWEEP)
    assert link.status == BankLinkStatus.UNKNOWN  # its own call may still be under way
    BankLink.objects.filter(pk=link.pk).update(claimed_at=timezone.now() - timedelta(hours=1))
    link.refresh_from_db()
    link = banks.settle_bank_link(link=link, now=timezone.now(), by=Process.SWEEP)
    assert link.status == BankLinkStatus.QUEUED


def test_send_bank_link_of_an_account_that_may_not_have_one_any_more(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account, status="SUBMITTING")
    BrokerageAccount.objects.filter(pk=account.pk).update(broker_status="PAPER_ONLY")
    link.refresh_from_db()
    link = banks.settle_bank_link(link=link, now=soon(), by=Process.SWEEP)
    assert link.status == BankLinkStatus.REJECTED
    assert "a state that we do not know yet" in link.status_reason
    assert broker.count("POST") == 0


def test_settle_bank_link_broker_away_for_a_day_gives_up(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account, status="SUBMITTING")
    broker.on_account("GET", account, "ach_relationships", json=[])
    link = banks.settle_bank_link(link=link, now=soon() + timedelta(days=1), by=Process.SWEEP)
    assert link.status == BankLinkStatus.REJECTED
    assert broker.count("POST") == 0


def test_unlink_bank(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = BankLinkFactory.create(account)
    gone = broker.on_account("DELETE", account, f"ach_relationships/{link.relationship_id}", status=204)
    link = banks.unlink_bank(link=link, by=link.user)
    assert link.status == BankLinkStatus.CANCELED
    banks.unlink_bank(link=link, by=link.user)
    assert gone.call_count == 1


def test_unlink_bank_while_a_transfer_runs(account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account)
    assert transfer.bank_link is not None
    with pytest.raises(banks.CannotUnlink, match="a transfer runs"):
        banks.unlink_bank(link=transfer.bank_link, by=transfer.user)


def test_unlink_bank_before_the_broker_has_it(account: BrokerageAccount) -> None:
    with pytest.raises(banks.CannotUnlink):
        banks.unlink_bank(link=BankLinkFactory.create(account, status="UNKNOWN"), by=account.user)


def test_unlink_bank_reply_lost_is_repeated_by_the_sweep(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account)
    path = f"ach_relationships/{link.relationship_id}"
    broken = broker.on_account("DELETE", account, path, body=requests.ReadTimeout())
    link = banks.unlink_bank(link=link, by=link.user)
    assert link.status == BankLinkStatus.CANCEL_REQUESTED
    broker.mock.remove(broken)
    broker.on_account("DELETE", account, path, json={"message": "not found"}, status=404)
    banks.settle_bank_links(now=soon())
    link.refresh_from_db()
    assert link.status == BankLinkStatus.CANCELED


def test_unlink_bank_refused_is_polled_again(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = BankLinkFactory.create(account)
    path = f"ach_relationships/{link.relationship_id}"
    broker.on_account("DELETE", account, path, json={"message": "no"}, status=422)
    broker.on_account("GET", account, "ach_relationships", json=[relationship(link, status="APPROVED")])
    banks.unlink_bank(link=link, by=link.user)
    banks.sync_bank_links(now=soon())
    link.refresh_from_db()
    assert link.status == BankLinkStatus.APPROVED


def test_apply_bank_link_list_read_before_our_delete_does_not_undo_it(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account)
    broker.on_account(
        "DELETE", account, f"ach_relationships/{link.relationship_id}", body=requests.ReadTimeout()
    )
    broker.on_account("GET", account, "ach_relationships", json=[relationship(link, status="APPROVED")])
    banks.unlink_bank(link=link, by=link.user)
    event = {"account_id": str(account.broker_account_id), "entity_id": str(link.relationship_id)}
    banks.on_bank_event(event)
    link.refresh_from_db()
    assert link.status == BankLinkStatus.CANCEL_REQUESTED


def test_sync_bank_links_approves(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = BankLinkFactory.create(account, status="QUEUED")
    broker.on_account("GET", account, "ach_relationships", json=[relationship(link, status="APPROVED")])
    banks.sync_bank_links(now=soon())
    link.refresh_from_db()
    assert link.status == BankLinkStatus.APPROVED


def test_sync_bank_links_no_longer_listed_is_refused(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = BankLinkFactory.create(account, status="QUEUED")
    broker.on_account("GET", account, "ach_relationships", json=[])
    banks.sync_bank_links(now=soon())
    link.refresh_from_db()
    assert link.status == BankLinkStatus.REJECTED


def test_sync_bank_links_what_cannot_be_read_is_not_taken_for_absent(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account, status="QUEUED")
    broker.on_account("GET", account, "ach_relationships", json=[relationship(link, status=None)])
    banks.sync_bank_links(now=soon())
    link.refresh_from_db()
    assert (link.status, link.failed_reads) == (BankLinkStatus.QUEUED, 1)


@pytest.mark.parametrize(("found", "expected"), [("REJECTED", "REJECTED"), (None, "CANCELED")])
def test_sync_bank_links_an_approval_taken_back_is_seen_without_its_event(
    account: BrokerageAccount, broker: BrokerStub, found: str | None, expected: str
) -> None:
    link = BankLinkFactory.create(account)
    said = {"status": found, "updated_at": timezone.now().isoformat()}
    broker.on_account("GET", account, "ach_relationships", json=[relationship(link, **said)] if found else [])
    banks.sync_bank_links(now=soon())
    assert broker.count("GET") == 0  # once a day
    banks.sync_bank_links(now=soon() + timedelta(days=1))
    link.refresh_from_db()
    assert link.status == expected


def test_apply_bank_link_what_we_took_for_refused_gives_way_to_the_brokers_word(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    link = BankLinkFactory.create(account, status="QUEUED")
    nothing = broker.on_account("GET", account, "ach_relationships", json=[])
    banks.sync_bank_links(now=soon())
    broker.mock.remove(nothing)
    broker.on_account("GET", account, "ach_relationships", json=[relationship(link, status="APPROVED")])
    event = {"account_id": str(account.broker_account_id), "entity_id": str(link.relationship_id)}
    other = BankLinkFactory.create(account)
    assert banks.on_bank_event(event) == ""
    link.refresh_from_db()
    assert link.status == BankLinkStatus.REJECTED  # there is another one
    BankLink.objects.filter(pk=other.pk).update(status="CANCELED")
    assert banks.on_bank_event(event) == ""
    link.refresh_from_db()
    assert link.status == BankLinkStatus.APPROVED


def test_on_bank_event_not_listed_applies_the_event(account: BrokerageAccount, broker: BrokerStub) -> None:
    link = BankLinkFactory.create(account, status="QUEUED")
    broker.on_account("GET", account, "ach_relationships", json=[])
    event = {
        "account_id": str(account.broker_account_id),
        "entity_id": str(link.relationship_id),
        "status_to": "REJECTED",
        "reason": "bank account owner name does not match brokerage account name",
        "at": "2026-03-02T15:01:00Z",
    }
    banks.on_bank_event(event)
    link.refresh_from_db()
    assert link.status == BankLinkStatus.REJECTED
    assert "owner name" in link.status_reason


def test_on_bank_event_before_the_reply_is_too_early(account: BrokerageAccount) -> None:
    BankLinkFactory.create(account, status="SUBMITTING")
    with pytest.raises(EventTooEarly):
        banks.on_bank_event({"account_id": str(account.broker_account_id), "entity_id": str(uuid4())})


def test_on_bank_event_of_another_system_is_ignored(account: BrokerageAccount) -> None:
    event = {"account_id": str(account.broker_account_id), "entity_id": str(uuid4())}
    assert banks.on_bank_event(event) == "not one of our bank links"
