"""Pages of questions as they are shown: what is asked when, whose it is, and the answers read back."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from brokerapp.accounts.models import User
from onboarding import addresses
from onboarding.forms import FORMS
from onboarding.models import Document, KycApplication
from onboarding.questions.catalogue import every_question
from onboarding.review import answers_to_check
from tests.factories import KycApplicationFactory
from tests.onboarding.conftest import step

pytestmark = pytest.mark.django_db

MEGABYTE = 1_000_000
TRULY_OPTIONAL = {"document_type", "file"} | {
    question.name for _, question in every_question() if not question.required
}
"""What a page can be left without, whatever else is answered."""
FIRM = {
    "company_name": "Initech Inc",
    "company_street_address": "4120 Freidrich Ln",
    "company_city": "Austin",
    "company_state": "TX",
    "company_country": "USA",
    "company_compliance_email": "rules@initech.example",
}
DISCLOSED = [
    {"context_type": "CONTROLLED_FIRM", **FIRM},
    {"context_type": "AFFILIATE_FIRM", "company_name": "Big Board", "company_country": "FRA"},
    {"context_type": "IMMEDIATE_FAMILY_EXPOSED", "given_name": "Sam", "family_name": "Senator"},
]


def discloser(user: User, **columns: Any) -> KycApplication:
    """Someone with every disclosure."""
    return KycApplicationFactory.create(
        user=user,
        **columns,
        is_control_person=True,
        is_affiliated_exchange_or_finra=True,
        immediate_family_exposed=True,
        disclosure_context=DISCLOSED,
    )


KIND_OF = dict.fromkeys(("retirement", "beneficiaries", "beneficiary-details"), "ira") | dict.fromkeys(
    ("custody", "child"), "custodial"
)
"""The kind of account whose application has a page, where not every one has."""


def field_of(page: str, name: str) -> str:
    """The markup of one field, from its opening tag."""
    before, _, _ = page.partition(f'name="{name}')
    assert before != page, name
    return before[before.rindex('<div class="field') :]


@pytest.mark.parametrize("key", sorted(FORMS))
def test_optional_never_stands_at_what_can_be_demanded(signed_in: Client, user: User, key: str) -> None:
    lives = {"foreign-tax-id": "GBR", "w8ben": "GBR"}.get(key, "USA")
    places = {"country_of_residence": lives, "country_of_tax_residence": lives}
    abroad = {"foreign_postal_code": "SW1A 1AA", "foreign_tax_id_type": "GBR_UTR"}
    application = discloser(
        user,
        country_of_citizenship="GBR",
        permanent_resident=False,
        account_kind=KIND_OF.get(key, "individual"),
        foreign_tax_id="1955839661",
        answers=places | abroad,
    )
    application.keep_answers({"has_other_account": key == "account-email"})
    application.save()
    page = signed_in.get(addresses.url(application, "apply_step", key)).content.decode()
    form = FORMS[key](application=application)
    for bound in form.visible_fields():
        if "(optional)" in field_of(page, bound.html_name) and key != "tax-id":
            assert bound.name in TRULY_OPTIONAL


@pytest.mark.parametrize(
    ("key", "name", "followed", "values", "refused", "words"),
    [
        ("work", "employer_name", "employment_status", "EMPLOYED", "", "(if you are employed)"),
        (
            "eligibility",
            "permanent_resident",
            "country_of_citizenship",
            "",
            "|USA",
            "(if you are not a US citizen)",
        ),
        (
            "trusted-contact",
            "trusted_given_name",
            "wants_trusted_contact",
            "True",
            "",
            "(if you name one)",
        ),
        (
            "disclosure-details",
            "AFFILIATE_FIRM-company_state",
            "AFFILIATE_FIRM-company_country",
            "USA",
            "",
            "(if it is in the US)",
        ),
    ],
)
def test_question_that_follows_an_answer_says_which(
    signed_in: Client, user: User, key: str, name: str, followed: str, values: str, refused: str, words: str
) -> None:
    discloser(user)
    markup = field_of(signed_in.get(step(key)).content.decode(), name)
    assert f'data-follows="{followed}"' in markup
    assert f'data-follows-values="{values}"' in markup
    assert f'data-follows-not="{refused}"' in markup
    assert words in markup
    assert "hidden" not in markup  # without scripts it is there to be answered


def test_two_groups_of_the_same_fields_say_whose_they_are(signed_in: Client, user: User) -> None:
    discloser(user)
    page = signed_in.get(step("disclosure-details")).content.decode()
    for legend in (
        "The company you control",
        "The exchange or firm you are affiliated with",
        "The public official in your family",
    ):
        assert page.count(f">{legend}</legend>") == 1
    labels = re.findall(r"<label for=[^>]+>([^<]+?)\s*<", page)
    assert len(labels) == len(set(labels)) == 14
    refused = signed_in.post(step("disclosure-details"), {}).content.decode()
    summary = refused.partition("error-summary-title")[2].partition("</ul>")[0]
    linked = re.findall(r">([^<]+)</a>: ", summary)
    assert len(linked) == len(set(linked)) == 12


def test_answers_to_check_read_as_sentences(user: User) -> None:
    application = discloser(user)
    groups = {group.step.key: dict(group.answers) for group in answers_to_check(application)}
    assert groups["disclosure-details"] == {
        "The company you control": (
            "Initech Inc, at 4120 Freidrich Ln, Austin, Texas, United States of America. "
            "Its compliance department is reached at rules@initech.example."
        ),
        "The exchange or firm you are affiliated with": "Big Board, at France.",
        "The public official in your family": "Sam Senator",
    }


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("big.pdf", b"%PDF-1.7" + b"x" * (12 * MEGABYTE), "This file is 12.0 MB"),
        ("photo.heic", b"\x00\x00\x00\x18ftypheic" + b"x" * 100, "This file cannot be read"),
        ("photo.avif", b"\x00\x00\x00\x18ftypavif" + b"x" * 100, "This is an AVIF picture"),
        ("photo.webp", b"RIFF\x00\x00\x00\x00WEBPVP8 ", "This is a WebP picture"),
        ("empty.pdf", b"", "This file is empty"),
    ],
)
def test_upload_that_is_refused_keeps_the_page_and_says_so(
    signed_in: Client, user: User, name: str, content: bytes, words: str
) -> None:
    KycApplicationFactory.create(user=user, documents_answered=None)
    data = {"document_type": "identity_verification", "file": SimpleUploadedFile(name, content)}
    page = signed_in.post(step("documents"), data)
    assert page.status_code == 422
    assert words in page.content.decode()
    assert not Document.objects.exists()
    assert user.applications.get().documents_answered is None  # type: ignore[attr-defined]


def test_upload_that_the_browser_took_back_is_not_gone_over(signed_in: Client, user: User) -> None:
    KycApplicationFactory.create(user=user, documents_answered=None)
    data: dict[str, Any] = {"document_type": "identity_verification", "file-refused": "big.pdf is 12.0 MB."}
    page = signed_in.post(step("documents"), data)
    assert page.status_code == 422
    assert "The file you chose was not taken" in page.content.decode()
    assert user.applications.get().documents_answered is None  # type: ignore[attr-defined]
    # Said once, the person may go on without one.
    assert signed_in.post(step("documents"), {**data, "file-refused": ""}).status_code == 302
