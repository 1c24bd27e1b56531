"""An application that is left at any page and gone on with in another browser, by somebody taxed abroad."""

import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from brokerapp.accounts.models import User
from onboarding import payloads, steps
from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.services import tax_forms
from onboarding.statuses import ApplicationStatus
from tests.addresses import addresses
from tests.brokerapp.security.uploads.samples import passport
from tests.onboarding import abroad
from tests.onboarding.conftest import step

pytestmark = pytest.mark.django_db

NO = "False"
TYPED: dict[str, dict[str, Any]] = {
    "eligibility": {
        "country_of_residence": "DEU",
        "date_of_birth_month": "3",
        "date_of_birth_day": "31",
        "date_of_birth_year": "1985",
        "country_of_citizenship": "BRA",
        "other_citizenship": "DEU",
        "permanent_resident": NO,
        "country_of_tax_residence": "DEU",
    },
    "name": {"given_name": "Ana", "middle_name": "Maria", "family_name": "Souza Lima", "suffix": "Jr"},
    "local-name": {"local_given_name": "Ána"},
    "contact": {
        "phone_number": "030 12345678",
        "street_address": "Unter den Linden 77",
        "city": "Berlin",
        "foreign_postal_code": "10117",
    },
    "identity": {"country_of_birth": "PRT"},
    "foreign-tax-id": {"foreign_tax_id_type": "DEU_TAX_ID", "foreign_tax_id": "36 574 261 809"},
    "documents": {"document_type": "passport"},
    "work": {"employment_status": "STUDENT", "funding_source": ["savings", "family"]},
    "finances": {"annual_income": "25000-50000"},
    "investing": {"risk_tolerance": "moderate"},
    "disclosures": {
        "is_control_person": NO,
        "is_affiliated_exchange_or_finra": NO,
        "is_politically_exposed": NO,
        "immediate_family_exposed": NO,
    },
    "trusted-contact": {"wants_trusted_contact": NO},
    "w8ben": {
        "mail_goes_elsewhere": NO,
        "claims_treaty": "True",
        "certified": "on",
        "signature": "Ana Maria Souza Lima Jr",
    },
    "agreements": {"customer_agreement": "on"},
}
"""What is typed on each page, in the order of the pages."""


NOBODY = "00000000-0000-4000-8000-000000000000"
LEFT_OUT: dict[str, dict[str, Any]] = {
    "eligibility": {"country_of_citizenship": ""},
    "contact": {"phone_number": ""},
    "w8ben": {"family_name": "Lima"},
    "agreements": {"signed_revisions": {}},
}
"""What is missing, or is not as it was when it was signed, by the page where that is asked."""


def fresh_browser(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def answer(client: Client, key: str) -> Any:
    """Open a page and send what is typed on it."""
    page = client.get(step(key))
    assert page.status_code == 200, key
    sealed = re.findall(r'name="shown" value="([^"]+)"', page.content.decode())
    typed = {**TYPED[key], **({"shown": sealed[0]} if sealed else {})}
    if key == "documents":
        typed["file"] = SimpleUploadedFile("passport.pdf", passport())
    return client.post(step(key), typed, REMOTE_ADDR="198.51.100.4")


def next_page(client: Client) -> str:
    """Where the task list says to go on."""
    task_list = client.get(reverse("apply")).content.decode()
    found = re.findall(r'class="button" href="([^"]+)"', task_list.partition("Check and send</h2>")[2])
    return str(found[0])


def test_application_is_gone_on_with_in_another_browser_at_every_page(user: User) -> None:
    for key in TYPED:
        browser = fresh_browser(user)
        assert next_page(browser) == step(key)  # nothing that was answered is asked again
        reply = answer(browser, key)
        assert reply.status_code == 302, reply.content.decode()
    assert next_page(fresh_browser(user)) == reverse("apply_check")
    application = KycApplication.objects.get()
    signed = list(application.agreements.all())
    body = payloads.account_request(application, signed, tax_forms.to_send_with(application)).body()
    assert body["contact"] == {
        "email_address": "",
        "phone_number": "+493012345678",
        "street_address": ["Unter den Linden 77"],
        "city": "Berlin",
        "postal_code": "10117",
        "country": "DEU",
    }
    identity = body["identity"]
    assert {name: identity[name] for name in ("given_name", "middle_name", "family_name", "suffix")} == {
        "given_name": "Ana",
        "middle_name": "Maria",
        "family_name": "Souza Lima",
        "suffix": "Jr",
    }
    assert identity["local_given_name"] == "Ána"
    assert (identity["tax_id"], identity["tax_id_type"]) == ("36574261809", "DEU_TAX_ID")
    assert (identity["country_of_citizenship"], identity["country_of_tax_residence"]) == ("BRA", "DEU")
    assert identity["permanent_resident"] is False
    assert body["disclosures"]["employment_status"] == "student"
    form = body["documents"][0]["content_data"]
    assert (form["signer_full_name"], form["ip_address"]) == ("Ana Maria Souza Lima Jr", "198.51.100.4")
    assert form["residency"] == "DEU"
    (agreed,) = body["agreements"]
    assert agreed["ip_address"] == "198.51.100.4"
    document = application.documents.get()
    assert (document.document_type, document.sub_type) == ("identity_verification", "passport")


@pytest.mark.parametrize("stop", ["eligibility", "contact", "w8ben", "agreements"])
def test_incomplete_application_is_sent_by_no_address(user: User, stop: str) -> None:
    application = abroad.create(user)
    KycApplication.objects.filter(pk=application.pk).update(**LEFT_OUT[stop])
    browser = fresh_browser(user)
    posted = [address for address in addresses() if address.route.startswith("apply/")]
    names = {address.name for address in posted}
    assert {"apply_check", "apply_step", "apply_check_of", "apply_step_of"} <= names
    named = {"key": stop, "document_id": NOBODY, "application_id": str(application.pk)}
    for address in posted:
        browser.post(reverse(address.name, kwargs={name: named[name] for name in address.params}))
    application.refresh_from_db()
    assert application.status == ApplicationStatus.DRAFT
    assert stop in {page.key for page in steps.incomplete_steps(application)}


def test_w8ben_is_opened_once_what_it_says_is_answered(user: User) -> None:
    browser = fresh_browser(user)
    answer(browser, "eligibility")
    for reply in (browser.get(step("w8ben")), browser.post(step("w8ben"), TYPED["w8ben"])):
        assert reply.url == step("name")  # type: ignore[attr-defined]
    assert not KycApplication.objects.get().tax_forms.exists()


def test_paper_that_is_taken_back_is_asked_for_again(user: User) -> None:
    browser = fresh_browser(user)
    for key in TYPED:
        answer(browser, key)
        if key == "documents":
            break
    application = KycApplication.objects.get()
    assert PAGES["documents"].is_complete(application)
    browser.post(reverse("remove_document", args=[application.documents.get().pk]))
    assert not PAGES["documents"].is_complete(KycApplication.objects.get())
