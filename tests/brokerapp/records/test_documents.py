"""Documents: which there are, who is told, and that they are handed through and noted."""

from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest
import requests
import responses
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.calls.models import ApiCall
from brokerapp.notices.messages import message_of
from brokerapp.notices.models import Notice, NoticeKind
from brokerapp.notices.reader import write_notices
from brokerapp.records import services
from brokerapp.records.models import DocumentKind, DocumentsSync, IssuedDocument
from brokerapp.security_log.models import SecurityEvent
from brokerapp.workflow.models import StatusChange
from tests.account_pages import AccountClient
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.brokerapp.records.conftest import document, shown
from tests.factories import BrokerageAccountFactory

pytestmark = pytest.mark.django_db

LINK = "https://storage.example.com/a/file?signature=abc"
PDF = b"%PDF-1.4 a statement"


def listed(kind: str = "account_statement", **members: Any) -> dict[str, Any]:
    return {"id": str(uuid4()), "name": "", "type": kind, "sub_type": "", "date": "2026-02-28"} | members


def test_sync_documents_keeps_each_once_and_tells_of_what_comes_later(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    old, new = listed(), listed("tax_statement", sub_type="1099-Comp", date="2025-12-31")
    broker.on_account("GET", account, "documents", json=[old, listed("trade_confirmation_json")])
    broker.on_account("GET", account, "documents", json=[old, new])

    counts = [services.sync_documents(account=account) for _ in range(3)]

    first, second = IssuedDocument.objects.order_by("pk")
    assert counts == [1, 1, 0]
    assert (first.is_new, second.is_new) == (False, True)
    assert (second.kind, second.title, second.period) == (
        DocumentKind.TAX,
        "Tax form 1099-Comp",
        "Tax year 2025",
    )
    write_notices(StatusChange.objects.all())
    notice = Notice.objects.get(kind=NoticeKind.NEW_DOCUMENT)
    assert (notice.kind, notice.row_id) == (NoticeKind.NEW_DOCUMENT, str(second.pk))
    mail = message_of(notice)
    assert "Tax form 1099-Comp" in mail.body
    assert f"/documents/{second.pk}/" in mail.body


def test_sync_due_documents_reads_each_account_once_a_day(
    account: BrokerageAccount, broker: BrokerStub
) -> None:
    broker.on_account("GET", account, "documents", json=[listed()])
    now = timezone.now()

    for _ in range(2):
        services.sync_due_documents(now=now)
    services.sync_due_documents(now=now + timedelta(hours=25))

    assert broker.count("GET") == 2


def test_sync_due_documents_that_fails_is_put_off(account: BrokerageAccount, broker: BrokerStub) -> None:
    broker.on_account("GET", account, "documents", status=500)
    now = timezone.now()

    services.sync_due_documents(now=now)

    sync = DocumentsSync.objects.get()
    assert (sync.synced_at, sync.failed_reads) == (None, 1)
    assert sync.due_at > now


def test_page_lists_documents_by_kind_and_year(account: BrokerageAccount, owner: AccountClient) -> None:
    document(account)
    document(account, "trade_confirmation", date=date(2025, 5, 6), is_announced=True)

    page = shown(owner.get("/documents/"))
    confirmations = shown(owner.get("/documents/?kind=confirmations"))
    older = shown(owner.get("/documents/?year=2025"))

    assert page.index(">, February 2026<") < page.index(">, Tue 6 May 2025<")
    assert "February 2026" in page
    assert page.count(">New<") == 1
    assert "Monthly statement" not in confirmations
    assert "Monthly statement" not in older
    assert "Tue 6 May 2025" in older


def test_page_has_the_list_read_again_when_somebody_looks(
    account: BrokerageAccount, owner: AccountClient, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        page = shown(owner.get("/documents/"))

    assert "We are asking the broker" in page
    assert sent == ["brokerapp.records.tasks.sync_documents"]
    DocumentsSync.objects.update(synced_at=timezone.now(), due_at=timezone.now() + timedelta(days=1))
    sent.clear()
    with django_capture_on_commit_callbacks(execute=True):
        empty = shown(owner.get("/documents/"))
    assert "The one of this month comes between 1 and 10" in empty
    assert not sent


def redirected(broker: BrokerStub, row: IssuedDocument, **reply: Any) -> None:
    broker.on_account(
        "GET",
        row.account,
        f"documents/{row.document_id}/download",
        status=301,
        headers={"Location": LINK, "X-Request-ID": REQUEST_ID},
    )
    broker.mock.add(responses.GET, LINK, **{"body": PDF, "content_type": "text/html", **reply})


def test_download_hands_the_document_through_and_notes_it(
    account: BrokerageAccount, owner: AccountClient, broker: BrokerStub
) -> None:
    row = document(account)
    redirected(broker, row)

    reply = owner.get(f"/documents/{row.pk}/download/")
    content = b"".join(reply.streaming_content)  # type: ignore[attr-defined]

    assert (reply.status_code, content) == (200, PDF)
    assert reply["Content-Type"] == "application/pdf"
    assert reply["Content-Disposition"] == 'attachment; filename="2026-02-28-monthly-statement.pdf"'
    assert LINK not in str(reply.headers)
    to_storage = next(call.request for call in broker.calls if call.request.url == LINK)
    assert "Authorization" not in to_storage.headers
    event = SecurityEvent.objects.get(kind="DOCUMENT_OPENED")
    assert (event.person_id, event.object_id) == (account.user_id, str(row.pk))
    row.refresh_from_db()
    assert row.opened_at is not None
    assert ApiCall.objects.get().request_id == REQUEST_ID


@pytest.mark.parametrize(
    "reply",
    [
        {"status": 403},
        {"body": b"<html>no</html>"},
        {"body": PDF + b"x" * 200},
        {"body": requests.ConnectionError("cut")},
    ],
    ids=["refused", "no PDF", "too large", "cut"],
)
def test_download_that_fails_says_so_and_notes_nothing(
    account: BrokerageAccount,
    owner: AccountClient,
    broker: BrokerStub,
    reply: dict[str, Any],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(services, "MOST_BYTES", 100)
    row = document(account)
    redirected(broker, row, **reply)

    page = owner.get(f"/documents/{row.pk}/download/", follow=True)

    assert "did not hand out this document" in shown(page)
    assert REQUEST_ID in shown(page)
    assert not SecurityEvent.objects.filter(kind="DOCUMENT_OPENED").exists()
    row.refresh_from_db()
    assert row.opened_at is None


def test_download_that_is_cut_is_asked_for_once_more(
    account: BrokerageAccount, owner: AccountClient, broker: BrokerStub
) -> None:
    row = document(account)
    redirected(broker, row, body=requests.ConnectionError("cut"))
    broker.mock.add(responses.GET, LINK, body=PDF)

    reply = owner.get(f"/documents/{row.pk}/download/")

    assert b"".join(reply.streaming_content) == PDF  # type: ignore[attr-defined]
    assert SecurityEvent.objects.filter(kind="DOCUMENT_OPENED").count() == 1


def test_download_follows_no_link_out_of_https(
    account: BrokerageAccount, owner: AccountClient, broker: BrokerStub, settings: Any
) -> None:
    settings.BROKER_BASE_URL = "https://broker.example.com"
    row = document(account)
    url = f"https://broker.example.com/v1/accounts/{account.broker_account_id}/documents/{row.document_id}"
    broker.mock.add("GET", f"{url}/download", status=301, headers={"Location": "http://10.0.0.1/x"})

    page = owner.get(f"/documents/{row.pk}/download/", follow=True)

    assert "did not hand out this document" in shown(page)
    assert not [call for call in broker.calls if "10.0.0.1" in str(call.request.url)]


def test_document_of_somebody_else_is_not_there(account: BrokerageAccount, owner: AccountClient) -> None:
    row = document(BrokerageAccountFactory.create())
    assert owner.get(f"/documents/{row.pk}/").status_code == 404
    assert owner.get(f"/documents/{row.pk}/download/").status_code == 404


def test_next_statement_is_due_by_the_tenth() -> None:
    assert services.next_statement(date(2026, 12, 31)) == (date(2027, 1, 1), date(2027, 1, 10))
    assert services.next_statement(date(2026, 1, 31)) == (date(2026, 2, 1), date(2026, 2, 10))
