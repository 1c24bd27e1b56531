"""The lists of staff, their files, rows and actions."""

import csv
import io
import re
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from brokerapp.accounts import holds
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.roles import Role
from brokerapp.accounts.statuses import HoldReason
from brokerapp.events.models import BrokerEvent
from brokerapp.ops.models import SavedView
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.ui import admin_columns, admin_pages
from brokerapp.workflow.models import StatusChange
from funding.statuses import TransferStatus
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.brokerapp.ops.browsers import browser
from tests.factories import (
    BrokerageAccountFactory,
    OrderFactory,
    TransferFactory,
    confirm,
)

pytestmark = pytest.mark.django_db


def test_file_has_what_the_list_shows_and_is_kept() -> None:
    wanted, other = TransferFactory.create(amount="12.50"), TransferFactory.create()
    client = browser(Role.SUPPORT)
    reply = client.get(reverse("admin:funding_transfer_csv"), {"q": str(wanted.pk)})
    head, line = csv.reader(io.StringIO(b"".join(reply.streaming_content).decode()))  # type: ignore[attr-defined]
    row = dict(zip(head, line, strict=True))
    assert row["id"] == str(wanted.pk)
    assert row["amount, USD"] == "12.5"
    assert row["status"] == "Queued"
    assert row["user"] == "Ada Byron"
    assert str(other.pk) not in str(line)
    assert SecurityEvent.objects.get(kind=Kind.LIST_EXPORTED).detail["model"] == "funding.Transfer"


@pytest.mark.parametrize(
    "name", ["funding_transfer", "trading_order", "accounts_brokerageaccount", "calls_apicall"]
)
def test_list_asks_as_often_however_long_it_is(name: str) -> None:
    client, url = browser(Role.SUPPORT), reverse(f"admin:{name}_changelist")

    def make() -> None:
        account = BrokerageAccountFactory.create(cash_withdrawable=Decimal(500))
        OrderFactory.create(account)
        TransferFactory.create(account)
        ApiCallFactory.create(method="POST", person_id=account.user_id)

    make()
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for _ in range(3):
        make()
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("name", "asked", "status"),
    [
        ("accounts_brokerageaccount", {"account_number__startswith": "1"}, 400),
        ("funding_transfer", {"status__regex": "(a*)*b"}, 400),
        ("onboarding_kycapplication", {"state": "NY"}, 400),
        ("trading_order", {"user__password__startswith": "a"}, 400),
        ("security_log_securityevent", {"at__year": "9" * 40}, 302),
        ("funding_transfer", {"created_at__gte": "yesterday"}, 302),
        ("funding_transfer", {"status__in": "QUEUED,COMPLETE", "user__id__exact": "1"}, 200),
        ("accounts_withdrawalhold", {"created_at__year": "2026", "created_at__month": "3"}, 200),
        ("accounts_user", {"groups__id__exact": "1", "is_staff__exact": "1"}, 200),
    ],
)
def test_list_is_narrowed_by_what_it_offers_and_breaks_by_nothing_else(
    name: str, asked: dict[str, str], status: int
) -> None:
    client = browser(Role.AUDITOR)
    assert client.get(reverse(f"admin:{name}_changelist"), asked).status_code == status
    assert client.get(reverse(f"admin:{name}_csv"), asked).status_code == status


@pytest.mark.parametrize(
    "sent", [{"_selected_action": "x"}, {"_selected_action": "1", "action": "nothing"}, {"index": "-7"}]
)
def test_action_that_no_page_sends_is_a_bad_request(account: BrokerageAccount, sent: dict[str, str]) -> None:
    client, asked = browser(Role.SUPPORT), {"action": "take", "index": "0"} | sent
    transfer = TransferFactory.create(account)
    for page in ("changelist", "change"):
        url = reverse(f"admin:funding_transfer_{page}", args=[transfer.pk] if page == "change" else [])
        assert client.post(url, asked).status_code == 400


def test_list_says_names_money_and_times() -> None:
    transfer = TransferFactory.create(amount="1250.00")
    page = browser(Role.SUPPORT).get(reverse("admin:funding_transfer_changelist")).content.decode()
    assert "Ada Byron" in page
    assert f"person {transfer.user_id}" not in page
    assert "$1,250.00" in page
    assert f'title="{transfer.status_at:%Y-%m-%d %H:%M:%S} UTC"' in page


def test_history_says_statuses_in_words_and_leads_to_the_calls_behind_them(account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE")
    client = browser(Role.SUPPORT)
    page = client.get(reverse("admin:funding_transfer_change", args=[transfer.pk])).content.decode()
    last = StatusChange.objects.about(transfer).last()
    assert last is not None
    step = f"{TransferStatus(last.from_status).label} → {TransferStatus.COMPLETE.label}"
    assert step in page
    calls = reverse("admin:calls_apicall_changelist")
    assert f'href="{calls}?q={transfer.last_request_id}"' in page
    listed = client.get(reverse("admin:workflow_statuschange_changelist"), {"q": str(transfer.pk)})
    assert step in listed.content.decode()


@pytest.mark.parametrize(
    ("label", "before", "after", "words"),
    [
        ("trading.Order", "", "SUBMITTING", "New → Sending"),
        ("trading.Order", "ACCEPTED", "PENDING_NEW", "Accepted (ACCEPTED → PENDING_NEW)"),
        ("trading.Order", "ACCEPTED", "OF_TOMORROW", "Accepted → OF_TOMORROW"),
        ("no.Model", "A", "B", "A → B"),
    ],
)
def test_step_in_words(label: str, before: str, after: str, words: str) -> None:
    assert admin_columns.step_words(label, before, after) == words


def test_page_of_an_account_begins_with_where_it_stands_and_has_the_end_of_its_number(
    account: BrokerageAccount,
) -> None:
    BrokerageAccount.objects.filter(pk=account.pk).update(account_number="123454486", trading_blocked=True)
    page = browser(Role.SUPPORT).get(reverse("admin:accounts_brokerageaccount_change", args=[account.pk]))
    text = page.content.decode()
    assert "…4486" in text
    assert "123454486" not in text
    assert text.index("field-status") < text.index("field-user") < text.index("field-synced_at")
    blocked = re.search(r'field-trading_blocked.*?class="readonly">(\w+)<', text, re.DOTALL)
    assert blocked is not None
    assert blocked[1] == "yes"


def test_event_says_whose_it_is_and_leads_to_what_it_tells_of(account: BrokerageAccount) -> None:
    order = OrderFactory.create(account)
    event = BrokerEvent.objects.create(
        stream="trades",
        event_id="01ABC",
        account_id=account.broker_account_id,
        payload={"order": {"id": str(order.broker_order_id)}},
    )
    other = BrokerEvent.objects.create(stream="journals", event_id="01ABD", payload={"journal_id": "x"})
    client, events = browser(Role.OPERATIONS), reverse("admin:events_brokerevent_changelist")
    assert "Ann Lovelace" in client.get(events).content.decode()
    assert list(client.get(events, {"q": account.user.email}).context["cl"].result_list) == [event]
    page = client.get(reverse("admin:events_brokerevent_change", args=[event.pk])).content.decode()
    assert "Ann Lovelace" in page
    search = re.search(r'href="([^"]*/search/\?q=[^"]*)"', page)
    assert search is not None
    found = client.get(search[1]).content.decode()
    assert reverse("admin:trading_order_change", args=[order.pk]) in found
    assert client.get(reverse("admin:events_brokerevent_change", args=[other.pk])).status_code == 200


def test_list_says_when_there_is_more_than_it_shows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_pages, "MOST", 2)
    for _ in range(3):
        ApiCallFactory.create(method="POST")
    page = browser(Role.SUPPORT).get(reverse("admin:calls_apicall_changelist")).content.decode()
    assert "the first 2 API calls" in page


def test_view_of_a_list_is_saved_for_its_owner_and_forgotten() -> None:
    client, url = browser(Role.SUPPORT), reverse("admin:calls_apicall_changelist")
    asked = {"name": "Mine", "page": "calls_apicall", "query": "http=5xx"}
    assert client.post(reverse("admin:ops_save_view"), asked)["Location"] == f"{url}?http=5xx"
    view = SavedView.objects.get()
    assert "Mine" in client.get(url).content.decode()
    assert "Mine" not in browser(Role.SUPPORT).get(url).content.decode()
    forget = reverse("admin:ops_forget_view", args=[view.pk])
    browser(Role.SUPPORT).post(forget, {"page": "calls_apicall"})
    assert SavedView.objects.exists()
    client.post(forget, {"page": "calls_apicall"})
    assert not SavedView.objects.exists()
    assert client.post(reverse("admin:ops_save_view"), asked | {"page": "nowhere"}).status_code == 404


# What is dangerous


def test_action_on_money_asks_once_more_who_it_is_and_goes_on() -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    client = browser(Role.OPERATIONS)
    asked = {"action": "propose_not_done", "_selected_action": [str(transfer.pk)]}
    reply = client.post(reverse("admin:funding_transfer_changelist"), asked)
    assert reply.status_code == 302
    assert "reauthenticate" in reply["Location"]
    confirm(client)
    assert (
        'name="reason"' in client.post(reverse("admin:funding_transfer_changelist"), asked).content.decode()
    )


def lift(client: Client, hold: Any) -> str:
    asked = {"action": "lift", "_selected_action": [str(hold.pk)], "reason": "She came with her passport."}
    return client.post(
        reverse("admin:accounts_withdrawalhold_changelist"), asked, follow=True
    ).content.decode()


def test_hold_on_little_money_is_lifted_by_one_and_on_much_by_two(
    account: BrokerageAccount, settings: Any
) -> None:
    settings.SECOND_PERSON_ABOVE = Decimal(1000)
    hold = holds.place_hold(account.user, HoldReason.PASSWORD)
    assert hold is not None
    client, approver = browser(Role.OPERATIONS), browser(Role.APPROVER)
    confirm(client)
    confirm(approver)
    BrokerageAccount.objects.filter(pk=account.pk).update(cash_withdrawable=Decimal("1000.01"))
    assert "somebody else has to agree" in lift(client, hold)
    hold.refresh_from_db()
    assert hold.status == "ACTIVE"
    decision = {"action": "confirm", "reason": "I called her as well."}
    from brokerapp.decisions.models import StaffDecision

    row = StaffDecision.objects.get()
    approver.post(
        reverse("admin:decisions_staffdecision_changelist"), decision | {"_selected_action": [str(row.pk)]}
    )
    hold.refresh_from_db()
    assert hold.status == "LIFTED"

    BrokerageAccount.objects.filter(pk=account.pk).update(cash_withdrawable=Decimal(1000))
    second = holds.place_hold(account.user, HoldReason.EMAIL)
    assert second is not None
    lift(client, second)
    second.refresh_from_db()
    assert second.status == "LIFTED"
