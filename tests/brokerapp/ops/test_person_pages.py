"""Everything about a person, and what they see."""

import re
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
from brokerapp.ops.models import StaffNote
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.brokerapp.ops.browsers import browser, person_page
from tests.brokerapp.records.conftest import activity, fill
from tests.factories import (
    BrokerageAccountFactory,
    OrderFactory,
    TransferFactory,
)

pytestmark = pytest.mark.django_db


def test_person_page_has_everything_of_them(account: BrokerageAccount) -> None:
    transfer, order = TransferFactory.create(account, status="RETURNED"), OrderFactory.create(account)
    call = ApiCallFactory.create(person_id=account.user_id, method="POST", outcome="UNKNOWN")
    holds.place_hold(account.user, HoldReason.SECURED)
    page = browser(Role.SUPPORT).get(person_page(account.user_id)).content.decode()
    assert "<h1>Ann Lovelace</h1>" in page
    for row in (transfer, order, call):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
        assert reverse(name, args=[row.pk]) in page
    assert "held" in page
    assert "Withdraw" in page
    assert "You secured your account" in page


def test_activities_are_said_in_the_persons_words_with_the_brokers_code_beside(
    account: BrokerageAccount,
) -> None:
    fill(account, symbol="AAPL")
    activity(account, "CSD", "250.00")
    activity(account, "DIV", symbol="KO")
    client = browser(Role.SUPPORT)
    page = client.get(person_page(account.user_id)).content.decode()
    listed = client.get(reverse("admin:activities_activity_changelist")).content.decode()
    for words, code in (("Bought AAPL", "FILL"), ("Deposit", "CSD"), ("Dividend, KO", "DIV")):
        assert re.search(rf">{words}</a></td><td>{code}\b", page), words
        assert re.search(rf">{words}</a></td><td class=\"field-code\">{code}\b", listed), words
    assert listed.count(f">Ann Lovelace, {account}</a>") == 3


def test_person_page_asks_as_often_however_much_there_is(account: BrokerageAccount) -> None:
    client, url = browser(Role.SUPPORT), person_page(account.user_id)
    TransferFactory.create(account)
    OrderFactory.create(account)
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as few:
        client.get(url)
    for _ in range(4):
        OrderFactory.create(account)
        TransferFactory.create(account, status="COMPLETE")
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert len(many) == len(few)


def test_person_page_is_kept_and_leaves_out_what_a_role_does_not_read(account: BrokerageAccount) -> None:
    page = browser(Role.ADMINISTRATOR).get(person_page(account.user_id))
    event = SecurityEvent.objects.get(kind=Kind.PII_VIEWED)
    assert (event.person_id, event.detail["page"]) == (account.user_id, "person")
    assert page.context["customer"].sections == []
    assert page.context["customer"].accounts == []


def test_note_is_kept_encrypted_with_who_wrote_it(account: BrokerageAccount) -> None:
    support, url = browser(Role.SUPPORT), person_page(account.user_id, "note")
    assert support.post(url, {"text": " "}).status_code == 422
    page = support.post(url, {"text": "Asked twice about the bank."}, follow=True).content.decode()
    assert "Asked twice about the bank." in page
    note = StaffNote.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT text FROM ops_staffnote")
        assert "bank" not in str(cursor.fetchone())
    event = SecurityEvent.objects.get(kind=Kind.NOTE_WRITTEN)
    assert (event.person_id, event.object_id) == (account.user_id, str(note.pk))
    assert browser(Role.AUDITOR).post(url, {"text": "x"}).status_code == 403


# What they see


def test_sees_shows_the_persons_page_at_rest(account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account, amount="77.00")
    path = reverse("funding:transfers", args=[account.pk])
    page = browser(Role.SUPPORT).get(person_page(account.user_id, "sees"), {"page": path}).content.decode()
    assert "$77.00" in page
    assert "You see what <strong>Ann Lovelace</strong> sees" in page
    assert f"?page={reverse('funding:transfer', args=[account.pk, transfer.pk])}" in page
    assert "<script" not in page
    assert "<form" not in page
    assert "hx-" not in page
    event = SecurityEvent.objects.get(kind=Kind.PAGES_SEEN)
    assert (event.person_id, event.detail["page"]) == (account.user_id, path)


@pytest.mark.parametrize(
    "name",
    ["trading:portfolio", "trading:orders", "records:activity", "trading:performance", "account_status"],
)
def test_sees_shows_the_pages_that_tell(account: BrokerageAccount, name: str) -> None:
    client = browser(Role.SUPPORT)
    OrderFactory.create(account)
    reply = client.get(person_page(account.user_id, "sees"), {"page": reverse(name, args=[account.pk])})
    assert "You see what" in reply.content.decode(), reply.context and reply.context.get("why")


def test_sees_changes_nothing_whatever_the_page_does(
    account: BrokerageAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    def change(self: Any, **_: Any) -> dict[str, Any]:
        self.account.user.email = "changed@example.com"
        self.account.user.save()
        return {}

    monkeypatch.setattr("funding.views.Transfers.get_context_data", change, raising=False)
    monkeypatch.setattr("funding.views.Transfers.get", lambda self, request, **kwargs: change(self))
    path = reverse("funding:transfers", args=[account.pk])
    page = browser(Role.SUPPORT).get(person_page(account.user_id, "sees"), {"page": path}).content.decode()
    assert "keeps something when it is opened" in page
    account.user.refresh_from_db()
    assert account.user.email != "changed@example.com"


@pytest.mark.parametrize(
    "path", ["/accounts/security/", "/admin/", "/nowhere/", "//evil.example/", "/apply/tax-id/"]
)
def test_sees_shows_no_other_page(account: BrokerageAccount, path: str) -> None:
    reply = browser(Role.SUPPORT).get(person_page(account.user_id, "sees"), {"page": path})
    assert "You see what" not in reply.content.decode()


def test_sees_shows_nobody_elses_account(account: BrokerageAccount) -> None:
    other = BrokerageAccountFactory.create()
    path = reverse("funding:transfers", args=[other.pk])
    page = browser(Role.SUPPORT).get(person_page(account.user_id, "sees"), {"page": path}).content.decode()
    assert "The person finds nothing there." in page


def test_sees_is_for_those_who_may_read_all_of_it(account: BrokerageAccount) -> None:
    url = person_page(account.user_id, "sees")
    assert browser(Role.ADMINISTRATOR).get(url).status_code == 403
    person = Client()
    person.force_login(account.user)
    assert person.get(url).status_code == 302
