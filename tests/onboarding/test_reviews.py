"""Staff decide on applications: the queue, the page, the decisions, and what is kept of each."""

import io
from datetime import timedelta
from typing import Any

import pikepdf
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from PIL import Image

from brokerapp.accounts.models import User
from brokerapp.accounts.roles import Role
from brokerapp.in_hand import services as in_hand
from brokerapp.mailing.models import QueuedMail
from brokerapp.mailing.services import send_mails
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import IllegalMove
from onboarding.cases import Attempt, CipRecord, KycAnswer, StaffRequest, Word, WordKind
from onboarding.models import Document, KycApplication
from onboarding.services import applications, cip, documents, queue, reviews
from onboarding.staff import papers
from onboarding.staff.case import changes_since_last
from onboarding.staff_reasons import REJECT_REASONS
from onboarding.statuses import ApplicationStatus
from tests.broker_stub import BrokerStub
from tests.brokerapp.security.uploads.samples import passport
from tests.factories import (
    BrokerageAccountFactory,
    KycApplicationFactory,
    StaffFactory,
    confirm,
    staff_in_role,
)
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db

REASON = "Passport and utility bill agree with what they typed."


@pytest.fixture
def ours(settings: Any) -> None:
    """The set-up in which our own staff approve."""
    settings.STAFF_APPROVE_APPLICATIONS = True


@pytest.fixture
def application(ours: None) -> KycApplication:
    """One that waits for our staff."""
    made = KycApplicationFactory.create()
    applications.submit_application(application=made, by=made.user, now=timezone.now())
    made.refresh_from_db()
    return made


@pytest.fixture
def member() -> User:
    return staff_in_role(Role.OPERATIONS)


@pytest.fixture
def ops(member: User) -> Client:
    client = Client()
    client.force_login(member)
    confirm(client)
    return client


def review_url(application: KycApplication) -> str:
    return reverse("admin:onboarding_kycapplication_review", args=[application.pk])


def do(client: Client, application: KycApplication, what: str, **data: Any) -> Any:
    return client.post(review_url(application), {"do": what, **data})


def decided() -> list[tuple[str, int | None]]:
    """What the security log has of staff's work: what, and by whom."""
    found = SecurityEvent.objects.filter(kind=Kind.APPLICATION_DECIDED).order_by("id")
    return [(event.detail["what"], event.staff_id) for event in found]


def mails() -> list[Any]:
    send_mails(now=timezone.now())
    return mail.outbox


def test_submit_waits_for_our_staff_where_they_approve(application: KycApplication) -> None:
    assert application.status == ApplicationStatus.IN_REVIEW
    (row,) = queue.waiting(timezone.now())
    assert (row.application_id, row.kind) == (application.pk, queue.WaitsFor.APPROVAL)


def test_submit_goes_to_the_broker_where_it_decides_alone() -> None:
    made = KycApplicationFactory.create()
    applications.submit_application(application=made, by=made.user, now=timezone.now())
    made.refresh_from_db()
    assert made.status == ApplicationStatus.SUBMITTING
    assert queue.waiting(timezone.now()) == []


def test_approve_sends_the_application_and_then_the_cip_record(
    sandbox: SandboxProcess, application: KycApplication, ops: Client, member: User
) -> None:
    KycApplication.objects.filter(pk=application.pk).update(email_address="cip@example.com")
    assert do(ops, application, "approve", reason=REASON).status_code == 302
    application.refresh_from_db()
    assert application.status == ApplicationStatus.SUBMITTING
    assert decided() == [("approved", member.pk)]

    applications.open_account(application=application, now=timezone.now())
    record = cip.send_record(record=CipRecord.objects.get(), now=timezone.now())

    assert record.status == "SENT"
    application.refresh_from_db()
    account = application.account
    assert account is not None
    at_broker = sandbox.get(f"/v1/accounts/{account.broker_account_id}/cip")
    assert at_broker["kyc"]["id"] == str(record.pk)
    assert at_broker["kyc"]["approved_by"] == f"staff {member.pk}"
    assert at_broker["kyc"]["approved_reason"] == REASON


def test_reject_shows_the_mail_first_and_then_sends_it_as_shown(
    application: KycApplication, ops: Client, member: User
) -> None:
    shown = do(ops, application, "reject", why="PAPERS", text="The picture is cut off.")
    application.refresh_from_db()
    assert application.status == ApplicationStatus.IN_REVIEW
    assert not QueuedMail.objects.exists()
    body = shown.context["mail"].body
    assert "The picture is cut off." in body

    do(ops, application, "reject", why="PAPERS", text="The picture is cut off.", confirm="1")

    application.refresh_from_db()
    assert application.status == ApplicationStatus.REJECTED
    assert application.status_reason.startswith(REJECT_REASONS["PAPERS"][1])
    (sent,) = mails()
    assert (sent.to, sent.body) == ([application.user.email], body)
    assert application.given_name not in sent.body
    change = StatusChange.objects.about(application).last()
    assert change is not None
    assert (change.to_status, change.actor_id) == ("REJECTED", member.pk)


def test_ask_with_two_reasons_gives_the_application_back_and_it_comes_again(
    application: KycApplication, ops: Client, member: User
) -> None:
    two = {"reasons": ["ID_PAPER", "WORK"], "text": "Both sides, please."}
    preview = do(ops, application, "ask", **two)
    assert "government ID" in preview.context["mail"].body
    do(ops, application, "ask", confirm="1", **two)

    application.refresh_from_db()
    assert application.status == ApplicationStatus.NEEDS_CHANGES
    (request,) = StaffRequest.objects.all()
    assert (request.reasons, request.asked_by_id) == (["ID_PAPER", "WORK"], member.pk)
    (sent,) = mails()
    assert sent.body == preview.context["mail"].body

    applications.save_answers(application=application, answers={"employer_name": "Initech"})
    applications.submit_application(application=application, by=application.user, now=timezone.now())
    request.refresh_from_db()
    assert request.answered_at is not None
    page = ops.get(review_url(application)).content.decode()
    assert "Changed since the last try" in page
    assert "<li>Employer</li>" in page
    assert "Initech" not in page


def test_ask_without_a_reason_is_refused_on_the_page(application: KycApplication, ops: Client) -> None:
    reply = do(ops, application, "ask", text="?")
    assert reply.status_code == 422
    assert "Choose what you ask for." in reply.content.decode()


def test_ask_about_an_account_leaves_it_with_the_broker(ops: Client) -> None:
    account = BrokerageAccountFactory.create(status="ACTION_REQUIRED")
    do(ops, account.application, "ask", reasons=["OTHER"], text="Who is it?", confirm="1")
    account.application.refresh_from_db()
    assert account.application.status == ApplicationStatus.SUBMITTED
    assert StaffRequest.objects.get().text == "Who is it?"


def test_take_is_for_one_at_a_time(application: KycApplication, ops: Client, member: User) -> None:
    do(ops, application, "take")
    other = staff_in_role(Role.OPERATIONS)
    with pytest.raises(in_hand.TakenByAnother):
        reviews.take(application=application, by=other, now=timezone.now())
    assert in_hand.holders_of(KycApplication) == {str(application.pk): member.pk}
    assert member.email in ops.get(reverse("admin:onboarding_kycapplication_queue")).content.decode()
    do(ops, application, "give_back")
    assert not in_hand.holders_of(KycApplication)
    assert decided() == [("taken", member.pk), ("given back", member.pk)]


def test_queue_has_the_longest_waiting_first_and_counts_each_kind(
    application: KycApplication, ops: Client, settings: Any
) -> None:
    settings.STAFF_APPROVE_APPLICATIONS = False
    appealed = BrokerageAccountFactory.create(status="REJECTED").application
    Word.objects.create(
        application=appealed, kind=WordKind.APPEAL, text="Why?", by_id=appealed.user_id,
        at=application.status_at - timedelta(days=2),
    )  # fmt: skip
    BrokerageAccountFactory.create(status="SUBMISSION_FAILED")
    BrokerageAccountFactory.create(status="ACTION_REQUIRED", kyc_results={"indeterminate": {"PEP": {}}})
    rows = queue.waiting(timezone.now())
    assert [row.kind for row in rows] == ["APPEAL", "APPROVAL", "FAILED"]
    counts = queue.counts(rows)
    assert {kind for kind, count in counts.items() if count} == {"APPEAL", "APPROVAL", "FAILED"}
    page = ops.get(reverse("admin:onboarding_kycapplication_queue"), {"kind": "APPEAL"})
    file = reverse("admin:onboarding_kycapplication_queue_csv")
    lines = [
        b"".join(ops.get(file, asked).streaming_content).splitlines() for asked in ({}, {"kind": "APPEAL"})
    ]
    assert [len(some) - 1 for some in lines] == [len(rows), counts["APPEAL"]]
    assert SecurityEvent.objects.filter(kind=Kind.LIST_EXPORTED).count() == 2
    assert [row.pk for row, _, _ in page.context["rows"]] == [appealed.pk]


def test_answer_appeal_taken_up_opens_our_own_rejection_again(
    application: KycApplication, ops: Client
) -> None:
    do(ops, application, "reject", why="PAPERS", text="", confirm="1")
    Word.objects.create(
        application=application, kind=WordKind.APPEAL, text="Look again.", by_id=application.user_id
    )
    do(ops, application, "appeal", look_again="on", text="We look again.", confirm="1")
    application.refresh_from_db()
    assert application.status == ApplicationStatus.IN_REVIEW
    assert Word.objects.get(kind=WordKind.APPEAL).settled_at is not None
    assert "We look again." in mails()[-1].body


def test_settle_word_ends_what_it_answers(ops: Client, member: User) -> None:
    account = BrokerageAccountFactory.create(status="ACTION_REQUIRED")
    asked = StaffRequest.objects.create(application=account.application, reasons=["OTHER"], asked_by_id=1)
    word = Word.objects.create(
        application=account.application,
        kind=WordKind.REPLY,
        code=f"STAFF:{asked.pk}",
        text="Here.",
        by_id=account.user_id,
    )
    do(ops, account.application, "settle", word=word.pk)
    word.refresh_from_db()
    asked.refresh_from_db()
    assert word.settled_by_id == member.pk
    assert asked.answered_at is not None


def test_send_again_sends_what_the_broker_refused(ops: Client) -> None:
    account = BrokerageAccountFactory.create(status="ACTION_REQUIRED")
    of_person = {"application": account.application, "user": account.user}
    answer = KycAnswer.objects.create(**of_person, code="PEP", status="REFUSED")
    do(ops, account.application, "send_again")
    answer.refresh_from_db()
    assert (answer.status, answer.claimed_at) == ("SUBMITTING", None)


def paper_of(application: KycApplication, content: bytes, mime_type: str) -> Document:
    return documents.store_document(
        application=application,
        document_type="identity_verification",
        mime_type=mime_type,
        content=content,
    )


def picture() -> bytes:
    kept = io.BytesIO()
    Image.new("RGB", (400, 200), "white").save(kept, "PNG")
    return kept.getvalue()


def open_papers(client: Client, application: KycApplication) -> Any:
    return do(client, application, "open", reason=REASON)


def test_answers_and_papers_are_shown_for_a_reason_that_is_kept(
    application: KycApplication, ops: Client, member: User
) -> None:
    paper_of(application, picture(), "image/png")
    closed = ops.get(review_url(application)).content.decode()
    assert application.street_address not in closed
    assert do(ops, application, "open", reason="x").status_code == 422

    opened = open_papers(ops, application)

    page = opened.content.decode()
    assert application.street_address in page
    assert application.tax_id not in page
    assert "no-store" in opened["Cache-Control"]
    event = SecurityEvent.objects.get(kind=Kind.PII_REVEALED)
    assert (event.staff_id, event.reason) == (member.pk, REASON)


def test_picture_has_a_mark_and_each_view_is_kept_with_its_reason(
    application: KycApplication, ops: Client, member: User
) -> None:
    document = paper_of(application, picture(), "image/png")
    ((_, ticket),) = open_papers(ops, application).context["papers"]
    url = reverse("admin:onboarding_document_picture", args=[document.pk])

    straight = ops.get(url, {"ticket": ticket})
    turned = ops.get(url, {"ticket": ticket, "turn": "90"})

    assert straight["Content-Disposition"] == "inline"
    assert Image.open(io.BytesIO(straight.content)).size == (400, 200)
    assert Image.open(io.BytesIO(turned.content)).size == (200, 400)
    colors = Image.open(io.BytesIO(straight.content)).convert("RGB").getcolors(100_000)
    assert colors is not None
    assert len(colors) > 1, "a white picture with a mark is not white alone"
    views = SecurityEvent.objects.filter(kind=Kind.PAPER_VIEWED)
    assert [(view.staff_id, view.reason, view.object_id) for view in views] == [
        (member.pk, REASON, str(document.pk))
    ] * 2


def test_pdf_has_a_mark_on_its_pages(application: KycApplication, ops: Client) -> None:
    content, mime_type = papers.shown(passport(), papers.PDF, mark="staff 7 - now", turn=90)
    assert mime_type == papers.PDF
    with pikepdf.open(io.BytesIO(content)) as pdf:
        assert pdf.pages[0].Rotate == 90
        forms = pdf.pages[0].Resources.XObject
        assert any(b"staff 7 - now" in form.read_bytes() for form in forms.values())


def test_paper_needs_a_ticket_of_ones_own(application: KycApplication, ops: Client) -> None:
    document = paper_of(application, picture(), "image/png")
    ((_, ticket),) = open_papers(ops, application).context["papers"]
    url = reverse("admin:onboarding_document_picture", args=[document.pk])
    viewer = reverse("admin:onboarding_document_paper", args=[document.pk])
    assert ops.get(viewer, {"ticket": ticket, "zoom": "200"}).status_code == 200
    other = Client()
    other.force_login(StaffFactory.create())
    for client, given in ((ops, ""), (ops, "nonsense"), (other, ticket)):
        assert client.get(url, {"ticket": given}).status_code == 403
        assert client.get(viewer, {"ticket": given}).status_code == 403


def test_opening_asks_who_it_is_first(application: KycApplication, member: User) -> None:
    client = Client()
    client.force_login(member)
    reply = client.get(review_url(application), {"open": "1"})
    assert reply.status_code == 302
    assert "reauthenticate" in reply["Location"]


def test_support_reads_the_page_and_decides_nothing(application: KycApplication) -> None:
    support = Client()
    support.force_login(staff_in_role(Role.SUPPORT))
    page = support.get(review_url(application))
    assert page.status_code == 200
    assert "Approve, and send it" not in page.content.decode()
    for what in ("take", "approve", "reject", "ask", "note", "open", "resync"):
        assert do(support, application, what, reason=REASON).status_code == 403
    assert decided() == []


def test_page_names_other_applications_with_the_same_tax_id(application: KycApplication, ops: Client) -> None:
    other = KycApplicationFactory.create()
    page = ops.get(review_url(application)).content.decode()
    assert other.user.email in page
    assert "(another person)" in page


def test_changes_since_last_are_those_of_the_last_two_tries() -> None:
    tries = [
        Attempt(number=1, answers=[["Name", "First name", "Ann"]]),
        Attempt(number=2, answers=[["Name", "First name", "Anne"], ["Work", "Employer", "Initech"]]),
        Attempt(number=3, answers=[["Name", "First name", "Anne"]]),
    ]
    (change,) = changes_since_last(tries)
    assert (change.label, change.before, change.after) == ("Employer", "Initech", "")
    assert changes_since_last(tries[:1]) == []


def test_ask_about_what_another_has_approved_meanwhile_is_refused(
    application: KycApplication, broker: BrokerStub, member: User
) -> None:
    """Sent a second time, an application might make a second account."""
    reviews.approve(application=application, reason="Fine and well.", by=member, now=timezone.now())
    application.refresh_from_db()
    broker.on("POST", "/v1/accounts", status=503)
    for status in (ApplicationStatus.SUBMITTING, ApplicationStatus.UNKNOWN):
        assert application.status == status
        with pytest.raises(IllegalMove):
            reviews.ask(application=application, reasons=["ID_PAPER"], text="", by=member, now=timezone.now())
        applications.open_account(application=application, now=timezone.now())
