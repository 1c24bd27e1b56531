import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.roles import Role
from brokerapp.ui.links import account_url
from onboarding.models import Document, KycApplication
from onboarding.services import applications
from onboarding.statuses import ApplicationStatus
from tests.brokerapp.security.uploads.samples import passport
from tests.factories import (
    PASSWORD,
    BrokerageAccountFactory,
    KycApplicationFactory,
    UserFactory,
    staff_in_role,
)
from tests.onboarding.conftest import step
from tests.onboarding.revisions import revise

pytestmark = pytest.mark.django_db

PDF = b"%PDF-1.7 a passport"
NAME = {"given_name": "Ada", "middle_name": "", "family_name": "Byron"}


@pytest.mark.parametrize("name", ["home", "apply", "apply_check", "application_status"])
def test_pages_for_anonymous_go_to_sign_in(client: Client, name: str) -> None:
    reply = client.get(reverse(name))
    assert reply.status_code == 302
    assert reply.url.startswith(reverse("account_login"))  # type: ignore[attr-defined]


def test_landing_for_anonymous(client: Client) -> None:
    page = client.get("/").content.decode()
    assert reverse("account_signup") in page
    assert "may lose" in page


def test_home_goes_where_the_person_left_off(client: Client) -> None:
    active = BrokerageAccountFactory.create(status="ACTIVE")
    cases = [
        (UserFactory.create(), reverse("apply")),
        (BrokerageAccountFactory.create(status="SUBMITTED").user, reverse("application_status")),
        (active.user, account_url(active, "trading:portfolio")),
        (staff_in_role(Role.SUPPORT), reverse("admin:index")),
    ]
    for person, url in cases:
        client.force_login(person)
        assert client.get(reverse("home")).url == url  # type: ignore[attr-defined]


def test_step_saves_and_goes_on(signed_in: Client, user: User) -> None:
    reply = signed_in.post(step("name"), NAME)
    assert reply.status_code == 302
    assert reply.url == step("contact")  # type: ignore[attr-defined]
    assert user.applications.get().given_name == "Ada"  # type: ignore[attr-defined]


def test_step_refused_keeps_what_was_typed_and_names_the_rule(signed_in: Client) -> None:
    reply = signed_in.post(step("name"), {**NAME, "family_name": "B"})
    page = reply.content.decode()
    assert reply.status_code == 422
    assert "<title>Error:" in page
    assert 'value="Ada"' in page
    assert "There is a problem" in page


def test_step_unknown_is_not_found(signed_in: Client) -> None:
    assert signed_in.get(step("shoe-size")).status_code == 404


def test_step_from_the_check_page_returns_there(signed_in: Client, user: User) -> None:
    KycApplicationFactory.create(user=user)
    assert signed_in.post(step("name") + "?check", NAME).url == reverse("apply_check")  # type: ignore[attr-defined]


def test_step_from_the_check_page_that_opens_a_question_goes_there(signed_in: Client, user: User) -> None:
    KycApplicationFactory.create(user=user)
    yes = {
        "is_control_person": "True",
        "is_affiliated_exchange_or_finra": "False",
        "is_politically_exposed": "False",
        "immediate_family_exposed": "False",
    }
    reply = signed_in.post(step("disclosures") + "?check", yes)
    assert reply.url == step("disclosure-details")  # type: ignore[attr-defined]


def test_documents_step_stores_the_file_and_can_take_it_back(signed_in: Client, user: User) -> None:
    upload = {
        "document_type": "identity_verification",
        "file": SimpleUploadedFile("passport.pdf", passport()),
    }
    signed_in.post(step("documents"), upload)
    document = Document.objects.get(user=user)
    assert bytes(document.content).startswith(b"%PDF-")
    assert document.mime_type == "application/pdf"
    signed_in.post(reverse("remove_document", args=[document.pk]))
    assert not Document.objects.exists()


def test_remove_document_of_another_person_is_not_found(signed_in: Client) -> None:
    from onboarding.services import documents

    theirs = documents.store_document(
        application=KycApplicationFactory.create(),
        document_type="identity_verification",
        mime_type="application/pdf",
        content=PDF,
    )
    assert signed_in.post(reverse("remove_document", args=[theirs.pk])).status_code == 404
    assert Document.objects.filter(pk=theirs.pk).exists()


def shown(page: Any) -> str:
    """What the agreements page has sealed of the revisions that it shows."""
    (sealed,) = re.findall(r'name="shown" value="([^"]+)"', page.content.decode())
    return str(sealed)


def test_agreements_step_stores_time_and_address(signed_in: Client, user: User) -> None:
    answers = {"customer_agreement": "on", "shown": shown(signed_in.get(step("agreements")))}
    signed_in.post(step("agreements"), answers, REMOTE_ADDR="198.51.100.4")
    (agreement,) = user.applications.get().agreements.all()  # type: ignore[attr-defined]
    assert agreement.agreement == "customer_agreement"
    assert agreement.ip_address == "198.51.100.4"


def test_agreements_step_with_a_revision_that_was_not_shown_asks_again(
    signed_in: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    KycApplicationFactory.create(user=user)
    old = shown(signed_in.get(step("agreements")))
    revise(monkeypatch, "23.2026.11")
    refused = signed_in.post(step("agreements"), {"customer_agreement": "on", "shown": old})
    page = refused.content.decode()
    assert refused.status_code == 422
    assert "is now at revision 23.2026.11" in page
    assert "checked" not in page
    assert [row.revision for row in user.applications.get().agreements.all()] == ["22.2024.08"]  # type: ignore[attr-defined]

    answers = {"customer_agreement": "on", "shown": shown(refused)}
    assert signed_in.post(step("agreements"), answers).status_code == 302
    assert [row.revision for row in user.applications.get().agreements.all()] == ["23.2026.11"]  # type: ignore[attr-defined]


@pytest.mark.parametrize("forged", ["", "made-up"])
def test_agreements_step_without_what_was_shown_signs_nothing(
    signed_in: Client, user: User, forged: str
) -> None:
    reply = signed_in.post(step("agreements"), {"customer_agreement": "on", "shown": forged})
    assert reply.status_code == 422
    assert not user.applications.get().agreements.exists()  # type: ignore[attr-defined]


def test_draft_signed_at_an_older_revision_has_to_sign_again(
    signed_in: Client, user: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    KycApplicationFactory.create(user=user)
    revise(monkeypatch, "23.2026.11")
    assert "Agreements" in signed_in.post(reverse("apply_check"), follow=True).content.decode()
    application = user.applications.get()  # type: ignore[attr-defined]
    assert application.status == ApplicationStatus.DRAFT


def test_tax_id_is_never_in_a_page(signed_in: Client, user: User) -> None:
    KycApplicationFactory.create(user=user)
    for path in (step("tax-id"), reverse("apply_check"), reverse("apply")):
        page = signed_in.get(path).content.decode()
        assert "124554321" not in page
    assert "•••-••-4321" in signed_in.get(reverse("apply_check")).content.decode()


def test_check_page_query_count_does_not_depend_on_the_answers(
    signed_in: Client, user: User, django_assert_max_num_queries: Any
) -> None:
    KycApplicationFactory.create(user=user)
    # The accounts, for the navigation, the freshness of figures, and what else the person applied for.
    with django_assert_max_num_queries(10):
        signed_in.get(reverse("apply_check"))


def test_submitting_twice_makes_one_submission(signed_in: Client, user: User) -> None:
    application = KycApplicationFactory.create(user=user)
    for _ in range(2):
        assert signed_in.post(reverse("apply_check")).url == reverse("application_status")  # type: ignore[attr-defined]
    application.refresh_from_db()
    assert application.status == ApplicationStatus.SUBMITTING
    assert KycApplication.objects.count() == 1


def test_submitting_an_incomplete_application_names_what_is_missing(signed_in: Client, user: User) -> None:
    KycApplicationFactory.create(user=user, tax_id="")
    page = signed_in.post(reverse("apply_check"), follow=True).content.decode()
    assert "Not sent yet" in page
    assert "Social Security" in page


def test_pages_of_a_sent_application_go_to_its_status(signed_in: Client, user: User) -> None:
    application = KycApplicationFactory.create(user=user)
    applications.submit_application(application=application, by=user, now=application.created_at)
    assert signed_in.get(step("name")).url == reverse("application_status")  # type: ignore[attr-defined]
    signed_in.post(step("name"), {**NAME, "given_name": "Eve"})
    application.refresh_from_db()
    assert application.given_name == "Ada"


@pytest.mark.parametrize(
    ("status", "words", "waits"),
    [
        ("SUBMITTED", "We are on it", True),
        ("ACTIVE", "Your account is open", False),
        ("ACTION_REQUIRED", "needs something from you", True),
        ("REJECTED", "not approved", False),
    ],
)
def test_status_page_says_where_it_stands(client: Client, status: str, words: str, waits: bool) -> None:
    account = BrokerageAccountFactory.create(status=status)
    client.force_login(account.user)
    page = client.get(reverse("application_status")).content.decode()
    assert words in page
    assert ("data-live-url" in page) is waits
    assert account.last_request_id in page


def test_status_page_follows_an_open_account_until_its_blocks_are_gone(client: Client) -> None:
    account = BrokerageAccountFactory.create(status="ACTIVE")
    BrokerageAccount.objects.filter(pk=account.pk).update(account_blocked=True)
    client.force_login(account.user)
    page = client.get(reverse("application_status")).content.decode()
    assert "limited at the moment" in page
    assert "data-live-url" in page


def test_status_page_shows_only_the_own_account(signed_in: Client) -> None:
    BrokerageAccountFactory.create(status="ACTIVE")
    assert signed_in.get(reverse("application_status")).url == reverse("apply")  # type: ignore[attr-defined]
    assert BrokerageAccount.objects.count() == 1


def test_agreement_page_is_public_and_shows_its_revision(client: Client) -> None:
    assert "22.2024.08" in client.get(reverse("agreement", args=["customer_agreement"])).content.decode()
    assert client.get(reverse("agreement", args=["other"])).status_code == 404


def test_sign_up_verify_and_sign_in(client: Client, mailoutbox: list[Any]) -> None:
    client.post(reverse("account_signup"), {"email": "New@Example.com", "password1": PASSWORD})
    (message,) = mailoutbox
    path = next(word for word in message.body.split() if "/confirm-email/" in word).split("testserver")[1]
    assert client.get(path).status_code == 200
    client.post(path)
    assert User.objects.get().email == "new@example.com"
    client.logout()
    client.post(reverse("account_login"), {"login": "new@example.com", "password": PASSWORD})
    assert client.get(reverse("apply")).status_code == 200


def test_sign_up_with_a_known_address_does_not_say_so(
    client: Client, user: User, mailoutbox: list[Any]
) -> None:
    reply = client.post(reverse("account_signup"), {"email": user.email, "password1": PASSWORD})
    fresh = client.post(reverse("account_signup"), {"email": "fresh@example.com", "password1": PASSWORD})
    assert reply.status_code == fresh.status_code == 302
    assert reply.url == fresh.url  # type: ignore[attr-defined]
    assert User.objects.filter(email=user.email).count() == 1


def test_signed_in_pages_are_not_stored(signed_in: Client) -> None:
    assert "no-store" in signed_in.get(reverse("apply")).headers["Cache-Control"]


def test_pages_have_a_strict_content_security_policy(client: Client) -> None:
    policy = client.get("/").headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert "nonce" not in policy
