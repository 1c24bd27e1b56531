"""The help page with the reference of what failed, and a person's questions as they and others find them."""

from uuid import uuid4

import pytest
from django.conf import LazySettings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.roles import Role
from brokerapp.in_hand import services as in_hand
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.support import services
from brokerapp.support.forms import mint_key
from brokerapp.support.models import Case, CaseMessage
from brokerapp.support.statuses import CaseStatus, Topic
from tests.factories import (
    BrokerageAccountFactory,
    StaffFactory,
    TransferFactory,
    UserFactory,
    confirm,
    staff_in_role,
)

pytestmark = pytest.mark.django_db
HELP, ASK = "/help/", "/help/ask/"


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


def client_of(person: object) -> Client:
    client = Client()
    client.force_login(person)  # type: ignore[arg-type]
    return client


def test_error_page_leads_to_help_with_its_reference() -> None:
    person = UserFactory.create()
    client = client_of(person)
    failed = client.get("/no/such/page/").content.decode()
    reference = failed.split("?reference=")[1].split('"')[0]
    assert f"<code>{reference}</code>" in failed

    page = client.get(f"{HELP}?reference={reference}").content.decode()

    assert f'value="{reference}"' in page
    client.post(
        ASK, {"key": mint_key(person), "topic": "OTHER", "reference": reference, "text": "It failed."}
    )
    case = Case.objects.get()
    assert (case.user, case.reference, case.about_type) == (person, reference, "health.ErrorPage")


def test_every_page_has_help_in_its_footer() -> None:
    for client in (Client(), client_of(UserFactory.create())):
        for address in ("/", "/display/", "/legal/", HELP):
            page = client.get(address, follow=True).content.decode()
            assert '<a class="strong" href="/help/">Help</a>' in page, address


def test_help_of_a_visitor_shows_the_reference_and_how_to_reach_us(settings: LazySettings) -> None:
    settings.SUPPORT_EMAIL, settings.SUPPORT_PHONE = "help@broker.example.com", "+1 212 555 0123"
    page = Client().get(f"{HELP}?reference=abc<b>").content.decode()
    assert "mailto:help@broker.example.com?subject=Reference%20abc%3Cb%3E" in page
    assert "tel:+12125550123" in page
    assert "<b>" not in page
    assert "Send to support" not in page
    assert Client().post(ASK, {"text": "x"}).status_code == 302
    assert not Case.objects.exists()


def test_ask_twice_is_one_case_on_its_own_page() -> None:
    transfer = TransferFactory.create()
    client = client_of(transfer.user)
    sent = {
        "key": mint_key(transfer.user),
        "topic": "TRANSFER",
        "account": str(transfer.account_id),
        "reference": f" {transfer.pk} ",
        "text": "Where is it?",
    }

    first, second = client.post(ASK, sent), client.post(ASK, sent)

    case = Case.objects.get()
    assert first["Location"] == second["Location"] == reverse("case", args=[case.pk])
    assert case.account == transfer.account
    assert case.about_id == str(transfer.pk)
    page = client.get(reverse("case", args=[case.pk])).content.decode()
    assert "Where is it?" in page
    assert str(case.pk) in page


def test_ask_with_faults_keeps_what_was_typed() -> None:
    client = client_of(UserFactory.create())
    page = client.post(ASK, {"key": "broken", "topic": "TAXES", "reference": "r", "text": ""})
    assert page.status_code == 422
    assert "Error: " in page.content.decode()
    assert 'value="r"' in page.content.decode()
    assert not Case.objects.exists()


def test_ask_with_a_key_of_somebody_else_is_a_case_of_its_own() -> None:
    other, person = UserFactory.create(), UserFactory.create()
    key = mint_key(other)
    for asker in (other, person):
        client_of(asker).post(ASK, {"key": key, "topic": "OTHER", "text": "Hello there."})
    assert sorted(Case.objects.values_list("user_id", flat=True)) == sorted([other.pk, person.pk])


def test_ask_about_an_account_of_somebody_else_is_refused() -> None:
    client = client_of(BrokerageAccountFactory.create().user)
    strange = BrokerageAccountFactory.create()
    page = client.post(ASK, {"topic": "OTHER", "account": str(strange.pk), "text": "Hello there."})
    assert page.status_code == 422


def a_case() -> Case:
    return services.open_case(
        case_id=uuid4(), person=UserFactory.create(), topic=Topic.ORDER, text="Why?", now=timezone.now()
    )


def test_case_is_there_for_its_person_alone() -> None:
    case = a_case()
    address = reverse("case", args=[case.pk])
    stranger = client_of(UserFactory.create())
    assert client_of(case.user).get(address).status_code == 200
    assert stranger.get(address).status_code == 404
    assert stranger.post(address, {"text": "Let me in"}).status_code == 404
    assert "not asked anything yet" in stranger.get("/help/cases/").content.decode()
    assert Client().get(address).status_code == 302


def test_reply_is_added_and_an_empty_one_is_not() -> None:
    case = a_case()
    client = client_of(case.user)
    address = reverse("case", args=[case.pk])
    assert client.post(address, {"text": "  "}).status_code == 422
    assert client.post(address, {"text": "Any news?"}).status_code == 302
    assert [message.text for message in case.messages.all()] == ["Why?", "Any news?"]


def admin_of(role: Role) -> Client:
    client = client_of(staff_in_role(role))
    confirm(client)
    return client


CASES = "/admin/support/case/"


@pytest.mark.parametrize("role", [Role.SUPPORT, Role.OPERATIONS])
def test_staff_answer_and_the_person_reads_it(role: Role) -> None:
    case = a_case()
    client = admin_of(role)
    action = {"action": "answer", "_selected_action": str(case.pk)}

    asked = client.post(CASES, action)
    too_short = client.post(CASES, {**action, "text": "Yes."})
    answered = client.post(CASES, {**action, "text": "The market was closed."}, follow=True)

    assert "Why?" in asked.content.decode()
    assert too_short.status_code == 422
    assert "The person is told" in answered.content.decode()
    page = client_of(case.user).get(reverse("case", args=[case.pk])).content.decode()
    assert "The market was closed." in page
    assert Case.objects.get().status == CaseStatus.ANSWERED


def test_staff_of_another_role_do_not_answer() -> None:
    case = a_case()
    for role, seen in ((Role.AUDITOR, 200), (Role.APPROVER, 403), (Role.ADMINISTRATOR, 403)):
        client = admin_of(role)
        assert client.get(CASES).status_code == seen, role
        client.post(
            CASES, {"action": "answer", "_selected_action": str(case.pk), "text": "The market was closed."}
        )
    assert CaseMessage.objects.count() == 1


def test_case_in_admin_shows_the_question_the_calls_and_the_steps() -> None:
    transfer = TransferFactory.create()
    case = services.open_case(
        case_id=uuid4(),
        person=transfer.user,
        topic=Topic.TRANSFER,
        text="Where is <it>?",
        reference=str(transfer.pk),
        now=timezone.now(),
    )
    client = admin_of(Role.SUPPORT)
    page = client.get(f"{CASES}{case.pk}/change/").content.decode()
    assert "Where is &lt;it&gt;?" in page
    assert f"/admin/funding/transfer/{transfer.pk}/change/" in page
    assert "New → Sending" in page
    for term in (str(case.pk), str(transfer.pk), transfer.user.email):
        assert str(case.pk) in client.get(CASES, {"q": term}).content.decode()
    assert str(case.pk) not in client.get(CASES, {"q": "nothing"}).content.decode()


def test_staff_take_and_close() -> None:
    case, member = a_case(), StaffFactory.create()
    client = client_of(member)
    confirm(client)
    for action in ("take", "close", "close"):
        client.post(CASES, {"action": action, "_selected_action": str(case.pk)})
    case.refresh_from_db()
    assert in_hand.holders_of(Case) == {str(case.pk): member.pk}
    assert case.status == CaseStatus.CLOSED


def test_look_at_a_conversation_to_answer_it_is_kept() -> None:
    case, client = a_case(), admin_of(Role.SUPPORT)
    page = reverse("admin:support_case_changelist")
    shown = client.post(page, {"action": "answer", "_selected_action": str(case.pk)}).content.decode()
    assert case.messages.get().text in shown
    assert SecurityEvent.objects.filter(kind=Kind.PII_VIEWED, object_id=str(case.pk)).exists()
