"""The documents page and what it is sent: names, sizes, numbers, and where the file is meanwhile."""

import tempfile
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import User
from brokerapp.broker.alpaca import limits
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from onboarding import rules
from onboarding.models import Document
from onboarding.services import documents
from tests.brokerapp.security.uploads.samples import passport, pdf, pdf_with_file
from tests.factories import KycApplicationFactory, UserFactory

pytestmark = pytest.mark.django_db

BOUNDARY = "b0undary"
MEGABYTE = 1024 * 1024


@pytest.fixture
def user() -> User:
    return UserFactory.create()


@pytest.fixture
def signed_in(client: Client, user: User) -> Client:
    client.force_login(user)
    KycApplicationFactory.create(user=user, documents_answered=None)
    return client


def send(client: Client, name: bytes, content: bytes, times: int = 1) -> Any:
    """Post a form as its bytes, so that the name is what it is."""
    part = (
        b'--%s\r\nContent-Disposition: form-data; name="file"; filename="%s"\r\n'
        b"Content-Type: application/pdf\r\n\r\n%s\r\n" % (BOUNDARY.encode(), name, content)
    )
    kind = (
        b'--%s\r\nContent-Disposition: form-data; name="document_type"\r\n\r\nidentity_verification\r\n'
        % (BOUNDARY.encode())
    )
    body = kind + part * times + b"--%s--\r\n" % BOUNDARY.encode()
    return client.post(
        reverse("apply_step", args=["documents"]),
        body,
        content_type=f"multipart/form-data; boundary={BOUNDARY}",
    )


@pytest.mark.parametrize(
    "name",
    [
        b"p" * 400 + b".pdf",
        "passport\u202efdp.exe".encode(),
        b"../../etc/passwd",
        b"C:\\Windows\\system32\\evil.dll",
        b"passport.pdf.html",
        b"<script>alert(1)</script>.pdf",
        b"';drop table onboarding_document;--.pdf",
        "ｐａｓｓｐｏｒｔ.pdf".encode(),
        b"passport.pdf\x00.exe",
        b"con.pdf",
        b".pdf",
    ],
)
def test_upload_of_any_name_keeps_the_file_and_not_the_name(
    signed_in: Client, user: User, name: bytes
) -> None:
    assert send(signed_in, name, passport()).status_code == 302
    document = Document.objects.get(user=user)
    assert (document.mime_type, document.size) == ("application/pdf", len(document.content))
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(d)::text FROM (SELECT * FROM onboarding_document) d")
        (row,) = cursor.fetchone()
    page = signed_in.get(reverse("apply_step", args=["documents"])).content.decode()
    for piece in ("evil", "passwd", "alert(1)", "drop table", "ppppp", ".exe"):
        assert piece not in row
        assert piece not in page


@pytest.mark.parametrize(("name", "status"), [(b"\xff\xfe\xfd.pdf", 302), (b"p" * 5000 + b".pdf", 400)])
def test_upload_of_a_name_that_no_browser_sends_keeps_nothing(
    signed_in: Client, name: bytes, status: int
) -> None:
    assert send(signed_in, name, passport()).status_code == status
    assert not Document.objects.exists()


def test_upload_that_is_too_large_is_not_even_kept_in_memory(
    signed_in: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = []
    check = rules.check_document

    def look(head: bytes, size: int) -> None:
        held.append(head)
        check(head, size)

    monkeypatch.setattr("onboarding.rules.check_document", look)
    page = send(signed_in, b"big.pdf", passport() + bytes(20 * MEGABYTE))
    assert page.status_code == 422
    assert "This file is 21.0 MB; we can send up to 7.5 MB." in page.content.decode()
    assert held == [b""]


def test_upload_that_was_refused_is_in_the_security_log(signed_in: Client, user: User) -> None:
    page = send(signed_in, b"a.pdf", pdf_with_file())
    assert page.status_code == 422
    event = SecurityEvent.objects.get(kind=Kind.UPLOAD_REFUSED)
    assert (event.person_id, event.detail) == (user.pk, {"why": "embedded"})


def test_upload_of_more_files_than_the_page_has_places_for_is_refused(signed_in: Client) -> None:
    assert send(signed_in, b"a.pdf", passport(), times=5).status_code == 400


def test_upload_leaves_no_file(signed_in: Client, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    named = []
    monkeypatch.setattr(tempfile, "NamedTemporaryFile", lambda *args, **kwargs: named.append(args))
    assert send(signed_in, b"a.pdf", pdf(pages=30)).status_code == 302
    assert (named, list(tmp_path.iterdir())) == ([], [])


def test_store_document_beyond_the_most_of_a_person_says_so(signed_in: Client, user: User) -> None:
    application = user.applications.get()  # type: ignore[attr-defined]
    for number in range(rules.MOST_DOCUMENTS):
        documents.store_document(
            application=application,
            document_type="identity_verification",
            mime_type="application/pdf",
            content=b"%d" % number,
        )
    page = send(signed_in, b"a.pdf", passport())
    assert page.status_code == 422
    assert "You have sent 20 files, and we can take 20." in page.content.decode()
    assert Document.objects.filter(user=user).count() == rules.MOST_DOCUMENTS
    # The same file once more is no further one.
    again = documents.store_document(
        application=application,
        document_type="identity_verification",
        mime_type="application/pdf",
        content=b"3",
    )
    assert again.size == 1


def test_largest_file_is_what_the_broker_takes(settings: Any) -> None:
    assert settings.MAX_FILE_BYTES == limits.DOCUMENT_BYTES == rules.MAX_DOCUMENT_BYTES
