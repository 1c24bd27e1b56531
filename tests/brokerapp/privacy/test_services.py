import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.accounts.roles import Role
from brokerapp.decisions import services as decisions
from brokerapp.decisions.models import StaffDecision
from brokerapp.ops.models import StaffNote
from brokerapp.privacy import services
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.support import services as support
from brokerapp.support.models import CaseMessage
from brokerapp.workflow.models import StatusChange
from onboarding.models import Agreement, Document, KycApplication
from onboarding.services import documents
from tests.factories import (
    BankLinkFactory,
    BrokerageAccountFactory,
    KycApplicationFactory,
    OrderFactory,
    StaffFactory,
    TransferFactory,
    UserFactory,
    confirm,
    staff_in_role,
)

pytestmark = pytest.mark.django_db

WHY = "The person asked for it by mail on Monday."


@pytest.fixture
def staff() -> User:
    return StaffFactory.create()


def store(application: KycApplication) -> Document:
    return documents.store_document(
        application=application,
        document_type="identity_verification",
        mime_type="application/pdf",
        content=b"a passport",
    )


def exported(person: User, staff: User) -> dict[str, Any]:
    text = services.export(person=person, by=staff, reason=WHY, now=timezone.now())
    held: dict[str, Any] = json.loads(text)["held"]
    return held


def test_export_has_everything_of_the_person_and_nothing_of_another(staff: User) -> None:
    account = BrokerageAccountFactory.create()
    BankLinkFactory.create(account)
    TransferFactory.create(account)
    OrderFactory.create(account)
    store(account.application)
    stranger = BrokerageAccountFactory.create()
    TransferFactory.create(stranger)
    held = exported(account.user, staff)
    assert {
        "account.EmailAddress",
        "accounts.BrokerageAccount",
        "accounts.User",
        "funding.BankLink",
        "funding.Transfer",
        "onboarding.Agreement",
        "onboarding.Document",
        "onboarding.KycApplication",
        "trading.Order",
        "workflow.StatusChange",
    } <= set(held)
    (application,) = held["onboarding.KycApplication"]
    assert (application["tax_id"], application["date_of_birth"]) == ("124554321", "1985-03-31")
    assert held["funding.BankLink"][0]["bank_account_number"] == "000123456789"
    assert held["onboarding.Document"][0]["content"] == "YSBwYXNzcG9ydA=="
    assert "password" not in held["accounts.User"][0]
    assert not [name for name in application if name.endswith("_index")]
    text = json.dumps(held)
    assert str(stranger.pk) not in text
    assert stranger.user.email not in text


def test_export_is_kept_with_who_and_why_and_without_what(staff: User) -> None:
    account = BrokerageAccountFactory.create()
    exported(account.user, staff)
    event = SecurityEvent.objects.get(kind=Kind.DATA_EXPORTED)
    assert (event.person_id, event.staff_id, event.reason) == (account.user_id, staff.pk, WHY)
    assert event.detail["rows"]["onboarding.KycApplication"] == 1
    assert "124554321" not in json.dumps(event.detail)


def test_erase_of_a_person_who_never_sent_anything_leaves_a_number(client: Client, staff: User) -> None:
    application = KycApplicationFactory.create()
    person = application.user
    store(application)
    client.force_login(person)
    email = person.email
    done = services.erase(person=person, by=staff, reason=WHY)
    assert (done.drafts, done.contact) == (1, True)
    for model in (KycApplication, Document, Agreement):
        assert not model.objects.exists()
    person.refresh_from_db()
    assert (person.email, person.is_active, person.has_usable_password()) == (
        f"{person.pk}@erased.invalid",
        False,
        False,
    )
    assert not person.emailaddress_set.exists()  # type: ignore[attr-defined]
    assert client.get("/apply/").status_code == 302
    assert client.session.is_empty()
    event = SecurityEvent.objects.get(kind=Kind.DATA_ERASED)
    assert (event.person_id, event.staff_id) == (person.pk, staff.pk)
    assert not User.objects.filter(email=email).exists()
    with pytest.raises(services.CannotErase, match="Nothing is left"):
        services.erase(person=person, by=staff, reason=WHY)


def test_erase_of_a_person_with_an_account_is_refused_with_the_rule(staff: User) -> None:
    account = BrokerageAccountFactory.create()
    with pytest.raises(services.CannotErase, match="six years"):
        services.erase(person=account.user, by=staff, reason=WHY)
    assert KycApplication.objects.filter(user=account.user).exists()
    assert not SecurityEvent.objects.filter(kind=Kind.DATA_ERASED).exists()


def test_erase_of_a_person_with_an_account_takes_what_was_never_sent(staff: User) -> None:
    account = BrokerageAccountFactory.create()
    draft = KycApplicationFactory.create(user=account.user)
    store(draft)
    done = services.erase(person=account.user, by=staff, reason=WHY)
    assert (done.drafts, done.contact) == (1, False)
    assert "six years" in done.why_not_all
    assert list(KycApplication.objects.filter(user=account.user)) == [account.application]
    assert User.objects.get(pk=account.user_id).is_active
    assert StatusChange.objects.filter(person_id=account.user_id).exists()


def test_erase_of_staff_is_refused(staff: User) -> None:
    with pytest.raises(services.CannotErase, match="member of staff"):
        services.erase(person=staff, by=staff, reason=WHY)


def admin_page(person: User, what: str) -> str:
    return f"/admin/privacy/datasubject/{person.pk}/{what}/"


def signed_in(staff: User) -> Client:
    client = Client()
    client.force_login(staff)
    confirm(client)
    return client


def test_admin_export_asks_why_and_answers_with_the_file(staff: User) -> None:
    person = BrokerageAccountFactory.create().user
    client = signed_in(staff)
    assert "Export all that is held" in client.get(admin_page(person, "export")).content.decode()
    assert client.post(admin_page(person, "export"), {"reason": ""}).status_code == 422
    answer = client.post(admin_page(person, "export"), {"reason": WHY})
    assert answer["Content-Disposition"] == f'attachment; filename="person-{person.pk}.json"'
    assert "no-store" in answer["Cache-Control"]
    assert answer.json()["person"] == person.pk


def test_admin_erase_asks_why_and_waits_for_somebody_else(staff: User) -> None:
    person = KycApplicationFactory.create().user
    client = signed_in(staff)
    shown = client.get(admin_page(person, "change")).content.decode()
    assert "Erase 1 application that was never sent and their e-mail address" in shown
    done = client.post(admin_page(person, "erase"), {"reason": WHY}, follow=True).content.decode()
    assert "as soon as somebody else agrees: 1 application that was never sent" in done
    assert KycApplication.objects.exists()
    approver, decision = staff_in_role(Role.APPROVER), StaffDecision.objects.get()
    decisions.confirm(decision=decision, by=approver, reason="They asked me too.")
    assert not KycApplication.objects.exists()
    event = SecurityEvent.objects.get(kind=Kind.DATA_ERASED)
    assert (event.person_id, event.staff_id) == (person.pk, approver.pk)
    shown = client.get(admin_page(person, "change")).content.decode()
    assert "Nothing is left that could be erased." in shown


def test_admin_erase_of_a_customer_says_why_not(staff: User) -> None:
    person = BrokerageAccountFactory.create().user
    client = signed_in(staff)
    assert "six years" in client.get(admin_page(person, "change")).content.decode()
    refused = client.post(admin_page(person, "erase"), {"reason": WHY}, follow=True).content.decode()
    assert "Nothing is erased. An application was sent to the broker." in refused


@pytest.mark.parametrize("what", ["export", "erase"])
def test_admin_pages_are_for_those_with_the_right(what: str) -> None:
    person = KycApplicationFactory.create().user
    support = staff_in_role(Role.SUPPORT)
    assert signed_in(support).post(admin_page(person, what), {"reason": WHY}).status_code == 403
    assert signed_in(person).post(admin_page(person, what), {"reason": WHY}).status_code in (302, 403)
    assert KycApplication.objects.exists()


def test_admin_pages_ask_for_the_password_again(staff: User) -> None:
    person = KycApplicationFactory.create().user
    client = Client()
    client.force_login(staff)
    answer = client.post(admin_page(person, "erase"), {"reason": WHY})
    assert answer.status_code == 302
    assert "reauthenticate" in answer["Location"]
    assert KycApplication.objects.exists()


def test_erase_takes_what_was_asked_and_noted(staff: User) -> None:
    person = UserFactory.create()
    support.open_case(case_id=uuid4(), person=person, topic="OTHER", text="Why?", now=timezone.now())
    StaffNote.objects.create(person_id=person.pk, written_by_id=staff.pk, text="Lives at 1 Elm St.")
    services.erase(person=person, by=staff, reason=WHY)
    assert not CaseMessage.objects.exists()
    assert not StaffNote.objects.exists()
