"""What the broker did not take leads to the page where it can be changed, in our words."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from brokerapp.workflow import state
from onboarding import payloads, w8ben
from onboarding.forms import FORMS
from onboarding.models import KycApplication, TaxForm
from onboarding.questions.catalogue import PAGES
from onboarding.refusals import ANSWERS, EMAIL, read_refusal
from onboarding.services import applications
from onboarding.statuses import ApplicationStatus
from tests.factories import KycApplicationFactory, confirm
from tests.onboarding import abroad

pytestmark = pytest.mark.django_db


def refused(reason: str, **columns: Any) -> KycApplication:
    """An application that the broker gave back."""
    application = KycApplicationFactory.create(**columns)
    application = applications.submit_application(
        application=application, by=application.user, now=application.created_at
    )
    return state.move(
        application,
        ApplicationStatus.NEEDS_CHANGES,
        by=state.Process.REPLY,
        reason=reason,
        request_id="7f3c2a91",
    )


@pytest.mark.parametrize(
    ("reason", "page", "label", "words"),
    [
        (
            "email_address must not be longer than 60",
            EMAIL,
            "Change your e-mail address",
            "did not accept your e-mail address: it may have up to 60 characters.",
        ),
        ("city is required", "contact", "Change your city", "did not accept your city: it is missing."),
        (
            "ip_address is not a valid IPv4 address",
            "agreements",
            "Change your signature under the agreements",
            "did not accept your signature under the agreements.",
        ),
        ("tax_id is invalid", "tax-id", "Change your Social Security number", "your Social Security number."),
        (
            "unit/apt # too long, must be less than 20 characters",
            "contact",
            "Change your apartment, suite or unit",
            "it may have up to 20 characters.",
        ),
        (
            "invalid input value for enum phone_number",
            "contact",
            "Change your phone number",
            "did not accept your phone number.",
        ),
        ("street_address cannot be a P.O. Box", "contact", "Change your street address", "be a P.O. box."),
        (
            "date_of_birth is invalid: must be at least 18 years old",
            "eligibility",
            "Change your date of birth",
            "you must be 18 or older.",
        ),
        ("country_of_birth must be an ISO 3166-1 alpha-3 country code", "identity", "", "you were born."),
        ("employment_status is invalid", "work", "Change what you do", "did not accept what you do."),
        ("email address already exists", EMAIL, "Change your e-mail address", "already. Use another address"),
    ],
)
def test_refusal_leads_to_the_page_in_our_words(reason: str, page: str, label: str, words: str) -> None:
    application = refused(reason)
    url = reverse("account_email") if page == EMAIL else reverse("apply_step", args=[page]) + "?check"
    client = Client()
    client.force_login(application.user)
    for name in ("application_status", "apply"):
        shown = client.get(reverse(name)).content.decode()
        assert f'href="{url}"' in shown
        assert label in shown
        assert words in shown
        assert "_" not in shown.split("Your application needs a change")[1].split("</p>")[1]
        assert f'href="{reverse("apply_check")}"' in shown
        assert "7f3c2a91" in shown
    assert client.get(url).status_code == 200


def test_refusal_that_we_cannot_place_says_what_the_broker_said() -> None:
    refusal = read_refusal(refused("account cannot be opened in this region."))
    assert refusal is not None
    assert refusal.changes == []
    assert "“account cannot be opened in this region”" in refusal.text
    assert "contact support" in refusal.text


def test_refusal_of_what_two_people_have_offers_both_pages() -> None:
    named = {"wants_trusted_contact": True, "trusted_given_name": "Al", "trusted_family_name": "Xu"}
    refusal = read_refusal(refused("email_address is not a valid email address", **named))
    assert refusal is not None
    assert [change.label for change in refusal.changes] == [
        "Change your e-mail address",
        "Change your trusted contact's e-mail address",
    ]
    refusal = read_refusal(refused("trusted_contact: phone_number is invalid", **named))
    assert refusal is not None
    assert [change.label for change in refusal.changes] == ["Change your trusted contact's phone number"]


def test_refusal_of_an_application_that_was_not_given_back_is_none() -> None:
    assert read_refusal(KycApplicationFactory.create()) is None


def sent_from(key: str) -> set[str]:
    """The broker's names of what a page asks."""
    sent: set[str] = set()
    for question in PAGES[key].questions:
        paths = (question.sent,) if isinstance(question.sent, str) else question.sent
        sent |= {path.rpartition(".")[2] for path in paths}
    return sent


def sent_by_hand_from(key: str) -> set[str]:
    """The broker's names of what a page asks by a form of its own, or what goes into form W-8BEN."""
    if key == "child":
        return {"minor_identity"}
    if key == "beneficiary-details":
        ira = KycApplication(account_kind="ira")
        ira.keep_answers({"number_of_beneficiaries": "1"})
        # The kind of a number is told by the number.
        return {"tax_id_type"} | {name.removeprefix("1-") for name in FORMS[key](application=ira).fields}
    if key == "foreign-tax-id":
        numbers: tuple[dict[str, Any], ...] = (
            {"foreign_tax_id_type": "BRA_CPF", "foreign_tax_id": "39053344705"},
            {},
        )
        return set().union(*(w8ben.content(abroad.somebody(**told).answer) for told in numbers))
    if key == "w8ben":
        upload = payloads.tax_form_upload(TaxForm(content={}, signed_at=abroad.NOW, ip_address="203.0.113.7"))
        return {upload.document_type, *upload.body()}
    return set()


def test_answers_are_on_the_pages_that_they_name() -> None:
    for name, pages in ANSWERS.items():
        for step, _ in pages:
            assert step == EMAIL or step in PAGES
            assert step in (
                EMAIL,
                "agreements",
                "disclosure-details",
                "trusted-contact",
            ) or name in sent_from(step) | sent_by_hand_from(step), name


def test_every_answer_of_the_forms_is_known() -> None:
    assert set().union(*map(sent_from, PAGES)) <= set(ANSWERS)


def test_changed_address_is_sent_with_the_application(mailoutbox: list[Any]) -> None:
    application = refused("email_address must not be longer than 60")
    client = Client()
    client.force_login(application.user)
    confirm(client)
    client.post(reverse("account_email"), {"email": "shorter@example.com", "action_add": "1"})
    (mail,) = (mail for mail in mailoutbox if mail.to == ["shorter@example.com"])
    assert "gave this as their e-mail address" in mail.body
    link = next(word for word in mail.body.split() if "/confirm-email/" in word).split("testserver")[1]
    client.post(link)
    client.post(reverse("apply_check"))
    application.refresh_from_db()
    assert application.status == ApplicationStatus.SUBMITTING
    assert application.email_address == "shorter@example.com"
