"""The receipt of a transfer."""

from uuid import uuid4

import pytest
from django.test import Client

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import label_of
from funding.models import Transfer
from funding.statuses import FAILED_TRANSFER, IN_FLIGHT_TRANSFER
from tests.account_pages import short
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.factories import BankLinkFactory, TransferFactory
from tests.funding.views.conftest import queries, text

pytestmark = pytest.mark.django_db


def test_transfer_receipt_owner_stranger_anonymous(
    owner: Client, stranger: Client, account: BrokerageAccount
) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE")
    url = short("funding:transfer", transfer.pk)
    page = text(owner.get(url))
    assert transfer.last_request_id in page
    assert str(transfer.pk) in page
    assert "→" not in page
    assert "SUBMITTING" not in page
    assert "Asked for by you" in page
    assert stranger.get(url).status_code == 404
    assert Client().get(url).status_code == 302


@pytest.mark.parametrize("status", [*IN_FLIGHT_TRANSFER, "COMPLETE", *FAILED_TRANSFER])
def test_transfer_receipt_every_status(owner: Client, account: BrokerageAccount, status: str) -> None:
    transfer = TransferFactory.create(account, status=status)
    page = text(owner.get(short("funding:transfer", transfer.pk)))
    assert ("data-live-url" in page) == transfer.is_in_flight
    assert ("do not send it again" in page) == (status == "UNKNOWN")


def test_transfer_receipt_late_says_so(owner: Client, account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account)
    Transfer.objects.update(expected_on="2026-03-02")
    assert "so it is late" in text(owner.get(short("funding:transfer", transfer.pk)))


def test_transfer_receipt_query_count(owner: Client, account: BrokerageAccount) -> None:
    young = TransferFactory.create(account, status="SUBMITTING", amount="1.00")
    old = TransferFactory.create(account, status="RETURNED", amount="2.00")
    counts = [queries(owner, short("funding:transfer", row.pk)) for row in (young, old)]
    assert counts[0] == counts[1] <= 9


def test_transfer_receipt_unknown_id(owner: Client) -> None:
    assert owner.get(short("funding:transfer", uuid4())).status_code == 404


def test_pages_name_the_call_that_made_it_also_where_an_event_was_faster_than_its_reply(
    owner: Client, account: BrokerageAccount
) -> None:
    bank = BankLinkFactory.create(account)
    transfer = TransferFactory.create(account, status="COMPLETE")
    for row, url in ((transfer, "funding:transfer"), (bank, "funding:bank")):
        about = {"about_type": label_of(row), "about_id": str(row.pk)}
        made = ApiCallFactory.create(method="POST", path="/v1/x", **about)
        ApiCallFactory.create(method="POST", path="/v1/x", request_id="", **about)
        ApiCallFactory.create(method="GET", path="/v1/x", **about)
        page = text(owner.get(short(url, row.pk)))
        assert f"{made.request_id}</code>" in page
