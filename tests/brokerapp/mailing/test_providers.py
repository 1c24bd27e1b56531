"""What a provider's API or a mail server answers, and what becomes of the mail: over real connections."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.mailing import services
from brokerapp.mailing.models import Arrival, MailStatus, QueuedMail
from tests.brokerapp.notices.smtp_server import MailServer, mail_server
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db

TAKEN = {"ErrorCode": 0, "Message": "OK", "MessageID": "b7bc2f4a", "To": "ana@example.com"}
INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to a recipient that has been marked as inactive.\n"
    "Found inactive addresses: ana@example.com.\n"
    "Inactive recipients are ones that have generated a hard bounce or a spam complaint. ",
}


class Api(ThreadingHTTPServer):
    """A provider's API that answers what it is told to, and keeps what it was sent."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answer: tuple[int, Any] | None = (200, TAKEN)
        self.asked: list[dict[str, Any]] = []


class _Handler(BaseHTTPRequestHandler):
    server: Api

    def do_POST(self) -> None:
        self.server.asked.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        if self.server.answer is None:
            return  # the connection ends without a word
        status, body = self.server.answer
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(body).encode() if isinstance(body, dict) else body)

    def log_request(self, code: Any = "-", size: Any = "-") -> None:
        """Nothing is written to the run's output."""


@contextmanager
def running(api: Api) -> Iterator[Api]:
    thread = threading.Thread(target=api.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield api
    finally:
        api.shutdown()
        thread.join()
        api.server_close()


@pytest.fixture(autouse=True)
def _no_tasks(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.EMAIL_BACKEND = "brokerapp.mailing.backend.QueueBackend"
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


def by_postmark(settings: LazySettings, port: int) -> None:
    settings.MAIL_TRANSPORT = "anymail.backends.postmark.EmailBackend"
    settings.ANYMAIL = {
        **settings.ANYMAIL,
        "POSTMARK_SERVER_TOKEN": "token",
        "POSTMARK_API_URL": f"http://127.0.0.1:{port}/",
        "REQUESTS_TIMEOUT": 2,
    }


@pytest.fixture
def api(settings: LazySettings) -> Iterator[Api]:
    with running(Api()) as api:
        by_postmark(settings, api.server_port)
        yield api


def sent(person: User | None = None) -> QueuedMail:
    """A mail to somebody, as it is after one attempt."""
    address = person.email if person else "ana@example.com"
    EmailMultiAlternatives("Reset", "Words", "us@example.com", [address]).send()
    services.send_mails(now=timezone.now())
    return QueuedMail.objects.get()


def test_mail_by_a_providers_api_carries_our_reference_and_no_tracking(
    api: Api, settings: LazySettings
) -> None:
    settings.SITE_URL = "https://broker.example.com"
    mail = sent()
    (asked,) = api.asked
    assert mail.status == MailStatus.SENT
    assert asked["Metadata"] == {"mail": f"broker.example.com/mailing.queuedmail/{mail.pk}"}
    assert (asked["TrackOpens"], asked["TrackLinks"]) == (False, "None")
    assert {"Name": "Auto-Submitted", "Value": "auto-generated"} in asked["Headers"]


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ((422, {"ErrorCode": 300, "Message": "Invalid"}), MailStatus.WAITING, "422"),
        ((401, {"ErrorCode": 10, "Message": "Bad token"}), MailStatus.WAITING, "401"),
        ((429, b"slow down"), MailStatus.WAITING, "429"),
        ((503, b"down"), MailStatus.WAITING, "503"),
        ((500, b"oops"), MailStatus.UNKNOWN, "not sent again"),
        ((200, b"<html>"), MailStatus.UNKNOWN, "not sent again"),
        ((422, INACTIVE | {"Message": "In words of another year"}), MailStatus.UNKNOWN, "not sent again"),
        (None, MailStatus.UNKNOWN, "not sent again"),
    ],
)
def test_mail_is_tried_again_only_where_the_provider_certainly_did_not_take_it(
    api: Api, answer: Any, status: MailStatus, error: str
) -> None:
    api.answer = answer
    mail = sent()
    assert mail.status == status
    assert error in mail.error
    assert "example.com" not in mail.error


def test_mail_waits_while_the_provider_is_not_reached(settings: LazySettings) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        by_postmark(settings, free.getsockname()[1])
        mail = sent()
    assert mail.status == MailStatus.WAITING


def test_address_that_the_provider_refuses_is_given_up_at_once_and_its_person_told(api: Api) -> None:
    person = UserFactory.create(email="ana@example.com")
    api.answer = (422, INACTIVE)
    mail = sent(person)
    person.refresh_from_db()
    assert (mail.status, mail.attempts, mail.arrival) == (MailStatus.FAILED, 1, Arrival.RETURNED)
    assert person.mail_comes_back


@pytest.fixture
def server(settings: LazySettings) -> Iterator[MailServer]:
    with mail_server() as server:
        settings.MAIL_TRANSPORT = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        yield server


@pytest.mark.parametrize(
    ("answer", "comes_back"),
    [
        (b"550 5.1.1 no such mailbox\r\n", True),
        (b"550 5.7.1 relaying denied\r\n", False),  # our own mistake
        (b"550 5.1.8 bad sender\r\n", False),
        (b"450 4.2.1 try later\r\n", False),
    ],
)
def test_mailbox_that_a_mail_server_does_not_know_is_the_persons_to_hear_of(
    server: MailServer, answer: bytes, comes_back: bool
) -> None:
    person = UserFactory.create(email="ana@example.com")
    server.answers["RCPT"] = answer
    mail = sent(person)
    person.refresh_from_db()
    assert mail.status == (MailStatus.FAILED if comes_back else MailStatus.WAITING)
    assert person.mail_comes_back is comes_back
