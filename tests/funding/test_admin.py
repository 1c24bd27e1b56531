import pytest
from django.test import Client
from django.urls import reverse

from funding.statuses import TransferStatus
from tests.broker_stub import BrokerStub
from tests.factories import BANK, BankLinkFactory, StaffFactory, TransferFactory, UserFactory
from tests.funding.conftest import listed

pytestmark = pytest.mark.django_db


@pytest.fixture
def ops(client: Client) -> Client:
    client.force_login(StaffFactory.create())
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
    assert "COMPLETE → RETURNED" in page


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


def test_record_not_done_action_ends_an_unknown_one(ops: Client) -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    data = {"action": "record_not_done", "_selected_action": [str(transfer.pk)]}
    ops.post(reverse("admin:funding_transfer_changelist"), data)
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.REJECTED


def test_ask_broker_action_polls(ops: Client, broker: BrokerStub) -> None:
    transfer = TransferFactory.create()
    broker.on_account("GET", transfer.account, "transfers", json=[listed(transfer, status="COMPLETE")])
    data = {"action": "ask_broker", "_selected_action": [str(transfer.pk)]}
    ops.post(reverse("admin:funding_transfer_changelist"), data)
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.COMPLETE


def test_actions_need_the_permission() -> None:
    client = Client()
    client.force_login(UserFactory.create(is_staff=True))
    assert client.get(reverse("admin:funding_transfer_changelist")).status_code == 403
