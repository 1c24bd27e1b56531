"""What mail providers post, as they write it, and what we keep of it."""

import base64
import hashlib
import hmac
import itertools
import json
import logging
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.mailing import arrivals
from brokerapp.mailing.models import Arrival, MailStatus, QueuedMail
from brokerapp.notices.models import Notice
from tests.factories import BrokerageAccountFactory, StaffFactory, UserFactory, confirm

pytestmark = pytest.mark.django_db

SECRET = "reports:a-secret-of-more-than-24-characters"
KEY = "signing-key"
AT = datetime(2026, 3, 4, 15, 0, tzinfo=UTC)
SITE = "broker.example.com"


@pytest.fixture(autouse=True)
def _provider(settings: LazySettings) -> None:
    settings.SITE_URL = f"https://{SITE}"
    use(settings, "postmark")


def use(settings: LazySettings, provider: str) -> None:
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = provider, SECRET
    settings.ANYMAIL = {"WEBHOOK_SECRET": SECRET, "MAILGUN_WEBHOOK_SIGNING_KEY": KEY}


@pytest.fixture
def person() -> User:
    return UserFactory.create(email="ana@example.com")


@pytest.fixture
def mail(person: User) -> QueuedMail:
    return QueuedMail.objects.create(subject="Reset", status=MailStatus.SENT, sent_at=AT)


def post(body: Any, secret: str = SECRET, **headers: str) -> int:
    """As a provider does: no cookie, no CSRF token."""
    basic = base64.b64encode(secret.encode()).decode()
    answer = Client(enforce_csrf_checks=True).post(
        reverse("mail_reports"),
        body if isinstance(body, bytes) else json.dumps(body).encode(),
        content_type="application/json",
        headers={"Authorization": f"Basic {basic}", **headers},
        secure=True,
    )
    return answer.status_code


def reference(row: Any) -> str:
    return f"{SITE}/{row._meta.label_lower}/{row.pk}"


def postmark(record: str, row: Any, at: datetime = AT, **more: Any) -> dict[str, Any]:
    """https://postmarkapp.com/developer/webhooks/bounce-webhook and its like."""
    when = "DeliveredAt" if record == "Delivery" else "BouncedAt"
    return {
        "RecordType": record,
        "Recipient" if record == "Delivery" else "Email": "ana@example.com",
        when: at.isoformat(),
        "MessageID": "b7bc2f4a",
        "Metadata": {"mail": reference(row)},
        **more,
    }


def hard(row: Any, at: datetime = AT) -> dict[str, Any]:
    return postmark("Bounce", row, at, Type="HardBounce", ID=42, Description="no such user ana@example.com")


def delivered(row: Any, at: datetime = AT) -> dict[str, Any]:
    return postmark("Delivery", row, at)


def complaint(row: Any, at: datetime = AT) -> dict[str, Any]:
    return postmark("SpamComplaint", row, at, Type="SpamComplaint")


def soft(row: Any, at: datetime = AT) -> dict[str, Any]:
    return postmark("Bounce", row, at, Type="Transient")


def mailgun(row: Any) -> dict[str, Any]:
    """https://documentation.mailgun.com/docs/mailgun/user-manual/events/webhooks/"""
    signed = hmac.new(KEY.encode(), b"1772636400token", hashlib.sha256).hexdigest()
    return {
        "signature": {"timestamp": "1772636400", "token": "token", "signature": signed},
        "event-data": {
            "event": "failed",
            "severity": "permanent",
            "reason": "bounce",
            "timestamp": AT.timestamp(),
            "recipient": "ana@example.com",
            "user-variables": {"mail": reference(row)},
            "delivery-status": {"code": 550, "message": "no such user"},
            "message": {"headers": {"message-id": "x@example.com"}},
        },
    }


def brevo(row: Any) -> dict[str, Any]:
    """https://developers.brevo.com/docs/transactional-webhooks"""
    return {
        "event": "hard_bounce",
        "email": "ana@example.com",
        "ts_epoch": AT.timestamp() * 1000,
        "message-id": "<x@example.com>",
        "X-Mailin-custom": json.dumps({"mail": reference(row)}),
    }


def resend(row: Any) -> dict[str, Any]:
    """https://resend.com/docs/dashboard/webhooks/event-types"""
    return {
        "type": "email.bounced",
        "created_at": AT.isoformat(),
        "data": {
            "email_id": "56761188",
            "to": ["ana@example.com"],
            "bounce": {"message": "The recipient's email provider sent a hard bounce message"},
            "headers": [{"name": "X-Metadata", "value": json.dumps({"mail": reference(row)})}],
        },
    }


@pytest.mark.parametrize(
    ("provider", "report"), [("postmark", hard), ("mailgun", mailgun), ("brevo", brevo), ("resend", resend)]
)
def test_bounce_is_on_the_mails_row_and_with_its_person(
    settings: LazySettings, mail: QueuedMail, person: User, provider: str, report: Any
) -> None:
    use(settings, provider)
    assert post(report(mail)) == 200
    mail.refresh_from_db()
    person.refresh_from_db()
    assert (mail.arrival, mail.arrival_at, mail.arrival_reason) == (Arrival.RETURNED, AT, "bounced")
    assert (person.mail_arrival, person.mail_arrival_at) == (Arrival.RETURNED, AT)


def test_report_with_a_wrong_secret_or_signature_changes_nothing(
    settings: LazySettings, mail: QueuedMail, caplog: pytest.LogCaptureFixture
) -> None:
    assert post(hard(mail), "reports:guessed") == 403
    assert post(hard(mail), "") == 403
    use(settings, "mailgun")
    forged = mailgun(mail)
    forged["signature"]["signature"] = "0" * 64
    assert post(forged) == 403
    mail.refresh_from_db()
    assert mail.arrival == ""
    assert "example.com" not in caplog.text


def test_wrong_secrets_are_counted_and_right_ones_are_not(mail: QueuedMail) -> None:
    assert {post(delivered(mail)) for _ in range(21)} == {200}
    assert {post(hard(mail), "reports:guessed") for _ in range(20)} == {403}
    assert post(hard(mail), "reports:guessed") == 429


@pytest.mark.parametrize(("provider", "secret"), [("", SECRET), ("postmark", "")])
def test_nobody_takes_reports_without_a_provider_or_secret(
    settings: LazySettings, mail: QueuedMail, provider: str, secret: str
) -> None:
    settings.MAIL_PROVIDER, settings.MAIL_WEBHOOK_SECRET = provider, secret
    assert post(hard(mail)) == 404


@pytest.mark.parametrize("body", [b"{", b"[]", b'"x"', b"null", b"\xff", b'{"RecordType": ["Bounce"]}'])
def test_report_that_cannot_be_read_is_refused_and_not_written_to_the_log(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    assert post(body) == 400
    assert "Traceback" not in caplog.text


def test_report_of_what_is_not_ours_is_taken_and_changes_nothing(mail: QueuedMail, person: User) -> None:
    foreign = (
        "",
        "x",
        f"other.example.com/mailing.queuedmail/{mail.pk}",
        f"{SITE}/accounts.user/{person.pk}",
    )
    for each in (*foreign, f"{SITE}/mailing.queuedmail/7", f"{SITE}/notices.notice/x", f"{SITE}/no.model/1"):
        assert post({**hard(mail), "Metadata": {"mail": each}}) == 200
    mail.refresh_from_db()
    person.refresh_from_db()
    assert (mail.arrival, person.mail_arrival) == ("", "")


def test_reports_in_any_order_and_doubled_come_to_the_same(mail: QueuedMail, person: User) -> None:
    """Delayed, delivered, and an hour later the far server takes it back; then reported as spam."""
    told = [
        arrivals.Report(reference(mail), person.email, arrival, AT + timedelta(hours=hours))
        for hours, arrival in enumerate(Arrival)
    ]
    assert told[-1].arrival == Arrival.SPAM
    for order in itertools.permutations(told):
        QueuedMail.objects.update(arrival="", arrival_at=None)
        User.objects.update(mail_arrival="", mail_arrival_at=None)
        arrivals.take([*order, random.choice(told)])
        mail.refresh_from_db()
        person.refresh_from_db()
        assert (mail.arrival, mail.arrival_at) == (Arrival.SPAM, told[-1].at)
        assert (person.mail_arrival, person.mail_arrival_at) == (Arrival.SPAM, told[-1].at)


def test_mail_whose_answer_was_lost_is_sent_once_the_provider_speaks_of_it(mail: QueuedMail) -> None:
    QueuedMail.objects.update(status=MailStatus.UNKNOWN, sent_at=None, error="lost")
    post(delivered(mail))
    mail.refresh_from_db()
    assert (mail.status, mail.sent_at, mail.error) == (MailStatus.SENT, AT, "")


def test_report_from_tomorrow_does_not_stand_in_the_way_of_later_ones(mail: QueuedMail) -> None:
    post(delivered(mail, timezone.now() + timedelta(days=1)))
    mail.refresh_from_db()
    assert mail.arrival_at is not None
    assert mail.arrival_at <= timezone.now()


def test_opening_a_mail_is_not_kept(mail: QueuedMail) -> None:
    assert post(postmark("Open", mail)) == 200
    mail.refresh_from_db()
    assert mail.arrival == ""


def test_person_is_told_on_every_page_until_a_mail_arrives_or_the_address_changes(
    mail: QueuedMail, person: User, client: Client
) -> None:
    client.force_login(person)
    confirm(client)

    def told() -> str:
        return client.get(reverse("inbox"), secure=True).content.decode()

    assert "a…@example.com" not in told()
    post(hard(mail))
    assert "Mails to a…@example.com come back" in told()
    assert reverse("account_email") in told()
    post(complaint(mail, AT + timedelta(hours=1)))
    assert "reported as spam" in told()
    post(delivered(mail, AT + timedelta(hours=2)))
    assert "a…@example.com" not in told()


def test_another_address_is_not_the_one_that_came_back(mail: QueuedMail, person: User) -> None:
    from allauth.account.signals import email_changed

    post(hard(mail))
    person.email = "ana@example.org"
    person.save(update_fields=["email"])
    email_changed.send(User, request=None, user=person, from_email_address=None, to_email_address=None)
    person.refresh_from_db()
    assert not person.mail_comes_back
    post(hard(mail, AT + timedelta(hours=1)))  # of the former address, later
    person.refresh_from_db()
    assert not person.mail_comes_back


def test_staff_see_who_is_not_reached_and_which_mails_must_have_arrived(client: Client) -> None:
    person = BrokerageAccountFactory.create().user
    rows = [
        Notice.objects.create(
            user=person,
            kind=kind,
            row_type="accounts.User",
            row_id=str(person.pk),
            change_id=change,
            status=MailStatus.SENT,
            sent_at=AT,
        )
        for change, kind in enumerate(("SECURED", "CASE_RECEIVED"), 1)
    ]
    for row in rows:
        report = hard(row)
        assert post({**report, "Email": person.email}) == 200
    client.force_login(StaffFactory.create())
    confirm(client)

    letters = client.get("/admin/notices/notice/", {"dead": "letters"}, secure=True).content.decode()
    page = client.get(reverse("admin:ops_person", args=[person.pk]), secure=True).content.decode()
    home = client.get("/admin/", secure=True).content.decode()

    assert f"/admin/notices/notice/{rows[0].pk}/change/" in letters
    assert f"/admin/notices/notice/{rows[1].pk}/change/" not in letters
    assert "mails come back" in page
    assert "Mails that must arrive and came back" in home


def test_reference_names_the_site_and_the_row(mail: QueuedMail) -> None:
    assert arrivals.reference_of(mail) == reference(mail)
