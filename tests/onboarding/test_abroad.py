"""People who live, or pay tax, outside of the United States: what they are asked, and what is sent of it."""

from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile

from onboarding import payloads, rules, steps, tax_ids, w8ben
from onboarding.forms import FORMS
from onboarding.forms.foreign import W8BenForm
from onboarding.forms.step import StepForm
from onboarding.models import Agreement, KycApplication, TaxForm
from sandbox.accounts.rules import TAX_ID_TYPES
from tests.brokerapp.security.uploads.samples import passport
from tests.onboarding.abroad import ABROAD, EXPATRIATE, complete, somebody
from tests.sandbox.in_process import InProcess


def keys(application: KycApplication) -> set[str]:
    return {page.key for page in steps.incomplete_steps(application)}


def eligible(**answers: Any) -> StepForm:
    born = {"date_of_birth_month": "3", "date_of_birth_day": "31", "date_of_birth_year": "1985"}
    given = {name: str(value) for name, value in answers.items()}
    return FORMS["eligibility"]({**born, **given}, application=KycApplication())


def test_eligibility_form_takes_people_of_other_countries() -> None:
    form = eligible(**ABROAD, other_citizenship="PRT")
    assert form.is_valid(), form.errors
    assert form.answers()["other_citizenship"] == "PRT"
    assert eligible(**EXPATRIATE).is_valid()


@pytest.mark.parametrize("name", ["country_of_residence", "country_of_tax_residence"])
def test_eligibility_form_refuses_countries_the_broker_does_not_take(name: str) -> None:
    form = eligible(**{**ABROAD, name: "PRK"})
    assert set(form.errors) == {name}
    assert "we cannot open one for you" in form.errors[name][0]


@pytest.mark.parametrize(
    "name", ["country_of_residence", "country_of_tax_residence", "country_of_citizenship"]
)
def test_eligibility_form_takes_puerto_rico_for_a_state(name: str) -> None:
    form = eligible(**{**ABROAD, name: "PRI"})
    assert set(form.errors) == {name}
    assert "Choose the United States" in form.errors[name][0]


@pytest.mark.parametrize(
    ("second", "words"), [("USA", "you are a US citizen"), ("BRA", "This is the same country")]
)
def test_eligibility_form_second_citizenship(second: str, words: str) -> None:
    form = eligible(**ABROAD, other_citizenship=second)
    assert set(form.errors) == {"other_citizenship"}
    assert words in form.errors["other_citizenship"][0]


def test_pages_of_somebody_taxed_abroad_are_those_of_no_us_person() -> None:
    asked = {page.key for page in steps.steps_for(somebody(**ABROAD))}
    assert {"local-name", "foreign-tax-id", "w8ben"} <= asked
    assert not {"visa", "tax-id"} & asked


def test_pages_of_an_american_abroad_are_those_of_a_citizen() -> None:
    asked = {page.key for page in steps.steps_for(somebody(**EXPATRIATE))}
    assert "tax-id" in asked
    assert not {"visa", "local-name", "foreign-tax-id", "w8ben"} & asked


CONTACT = {
    "phone_number": "(11) 2345-6789",
    "street_address": "Rua Augusta 1000",
    "unit": "",
    "city": "Sao Paulo",
    "province": "SP",
    "foreign_postal_code": "01304001",
}


def test_contact_form_abroad_reads_phone_and_code_as_the_country_writes_them() -> None:
    form = FORMS["contact"](CONTACT, application=somebody(**ABROAD))
    assert form.is_valid(), form.errors
    assert form.answers()["phone_number"] == "+551123456789"
    assert form.answers()["foreign_postal_code"] == "01304-001"
    assert not {"state", "postal_code"} & set(form.fields)


@pytest.mark.parametrize(
    ("country", "code", "kept"),
    [
        ("GBR", "sw1a1aa", "SW1A 1AA"),
        ("CAN", "k1a 0b1", "K1A 0B1"),
        ("DEU", "10115", "10115"),
        ("POL", "00950", "00-950"),
        ("ARE", "", ""),
        ("KEN", "00100", "00100"),
    ],
)
def test_normalize_postal_code(country: str, code: str, kept: str) -> None:
    assert rules.normalize_postal_code(code, country) == kept


@pytest.mark.parametrize(
    ("country", "code", "words"),
    [
        ("GBR", "12345", "not a postal code of the country"),
        ("DEU", "1011", "not a postal code of the country"),
        ("CAN", "", "Enter your postal code"),
        ("KEN", "1234567890123", "not a postal code of the country"),
    ],
)
def test_contact_form_abroad_refuses_a_code_of_no_such_country(country: str, code: str, words: str) -> None:
    lives = {**ABROAD, "country_of_residence": country}
    typed = {**CONTACT, "foreign_postal_code": code, "phone_number": "+551123456789"}
    if country == "KEN":
        typed["foreign_postal_code"] = "0" * 13
    form = FORMS["contact"](typed, application=somebody(**lives))
    assert set(form.errors) == {"foreign_postal_code"}
    assert words in form.errors["foreign_postal_code"][0] or "12 characters fit" in str(form.errors)


def test_contact_form_asks_us_taxpayers_abroad_for_a_province() -> None:
    typed = {**CONTACT, "province": "", "phone_number": "+6561234567", "foreign_postal_code": "018956"}
    assert set(FORMS["contact"](typed, application=somebody(**EXPATRIATE)).errors) == {"province"}
    taxed_there = {**ABROAD, "country_of_residence": "SGP", "country_of_tax_residence": "SGP"}
    assert FORMS["contact"](typed, application=somebody(**taxed_there)).is_valid()


def test_address_is_asked_again_after_a_move_to_another_country() -> None:
    application = complete()
    assert keys(application) == {"agreements"}
    application.keep_answers({"country_of_residence": "GBR"})
    assert "contact" in keys(application)
    application.keep_answers({"foreign_postal_code": "SW1A 1AA"})
    assert "contact" not in keys(application)


def test_name_form_takes_a_single_letter_of_who_is_taxed_abroad() -> None:
    typed = {"given_name": "Min", "family_name": "O"}
    assert FORMS["name"](typed, application=somebody(**ABROAD)).is_valid()
    assert set(FORMS["name"](typed, application=somebody(**EXPATRIATE)).errors) == {"family_name"}
    assert keys(complete(family_name="O")) == {"agreements"}
    assert "name" in keys(complete(family_name="O", **EXPATRIATE))


@pytest.mark.parametrize(
    ("kind", "typed", "kept"),
    [
        ("BRA_CPF", "390.533.447-05", "39053344705"),
        ("DEU_TAX_ID", "36 574 261 809", "36574261809"),
        ("GBR_NINO", "AB 12 34 56 C", "AB123456C"),
        ("IND_PAN", "acupa7085r", "ACUPA7085R"),
        ("USA_ITIN", "912-34-5678", "912345678"),
        ("NOT_SPECIFIED", "12345678z", "12345678Z"),
        ("PASSPORT", "C01X 00T47", "C01X00T47"),
    ],
)
def test_normalize_foreign_tax_id(kind: str, typed: str, kept: str) -> None:
    assert rules.normalize_foreign_tax_id(typed, kind) == kept


@pytest.mark.parametrize(
    ("kind", "typed"),
    [
        ("BRA_CPF", "390.533.447-06"),
        ("DEU_TAX_ID", "36574261808"),
        ("GBR_NINO", "QQ123456C"),
        ("USA_ITIN", "124-55-4321"),
        ("NOT_SPECIFIED", "letters"),
        ("NOT_SPECIFIED", "1"),
    ],
)
def test_normalize_foreign_tax_id_refuses_what_is_none_of_its_kind(kind: str, typed: str) -> None:
    with pytest.raises(rules.AnswerRefused):
        rules.normalize_foreign_tax_id(typed, kind)


def test_kinds_of_tax_numbers_are_the_brokers() -> None:
    ours = {kind for country in tax_ids.OF_COUNTRIES for kind, _ in tax_ids.choices_of(country)}
    assert ours - {tax_ids.NONE} == TAX_ID_TYPES - {"ARG_AG_CUIT"}


def tax_number(application: KycApplication, **typed: str) -> StepForm:
    return FORMS["foreign-tax-id"](typed, application=application)


def test_tax_number_form_offers_the_kinds_of_the_country() -> None:
    kinds = dict(tax_number(somebody(**ABROAD)).fields["foreign_tax_id_type"].choices)  # type: ignore[attr-defined]
    assert {"", "BRA_CPF", "NOT_SPECIFIED", "NONE"} <= set(kinds)
    assert "DEU_TAX_ID" not in kinds


def test_tax_number_form_asks_why_there_is_none() -> None:
    assert set(tax_number(somebody(**ABROAD), foreign_tax_id_type="NONE").errors) == {"no_tax_number_reason"}
    without = tax_number(
        somebody(**ABROAD), foreign_tax_id_type="NONE", no_tax_number_reason="COUNTRY_HAS_NONE"
    )
    assert without.is_valid(), without.errors
    assert without.answers()["foreign_tax_id"] in ("", None)


def test_tax_number_form_never_shows_the_number_and_keeps_it() -> None:
    application = complete()
    page = tax_number(application).as_p()
    assert "39053344705" not in page
    assert "ends in 4705" in page
    kept = tax_number(application, foreign_tax_id_type="BRA_CPF", foreign_tax_id="")
    assert kept.is_valid(), kept.errors
    assert "foreign_tax_id" not in kept.answers()
    other = tax_number(application, foreign_tax_id_type="NOT_SPECIFIED", foreign_tax_id="")
    assert set(other.errors) == {"foreign_tax_id"}


def test_documents_form_wants_a_passport_of_who_is_taxed_abroad() -> None:
    form = FORMS["documents"]
    typed = {"document_type": "passport"}
    assert set(form(typed, {}, application=somebody(**ABROAD)).errors) == {"file"}
    assert form({}, {}, application=somebody(**EXPATRIATE)).is_valid()
    files = {"file": SimpleUploadedFile("passport.pdf", passport())}
    given = form(typed, files, application=somebody(**ABROAD))  # type: ignore[arg-type]
    bill = {"document_type": "address_verification"}
    again = {"file": SimpleUploadedFile("bill.pdf", passport())}
    assert set(form(bill, again, application=somebody(**ABROAD)).errors) == {"document_type"}  # type: ignore[arg-type]
    assert given.is_valid(), given.errors
    assert given.answers()["identity_paper"] == "passport"
    assert given.cleaned_data["document_type"] == "identity_verification"
    assert form({}, {}, application=somebody(**ABROAD, identity_paper="passport")).is_valid()


def signed(application: KycApplication, **typed: str) -> W8BenForm:
    shown = str(W8BenForm(application=application).initial["shown"])
    data = {"mail_goes_elsewhere": "False", "signature": "Ana Souza", "certified": "on", "shown": shown}
    return W8BenForm({**data, **typed}, application=application)


def test_w8ben_form_is_signed_by_the_name_on_it() -> None:
    assert signed(complete()).is_valid()
    assert signed(complete(), signature="ANA  souza").is_valid()
    wrong = signed(complete(), signature="A. Souza")
    assert "Type: Ana Souza" in wrong.errors["signature"][0]
    assert set(signed(complete(), certified="").errors) == {"certified"}


def test_w8ben_form_signs_only_what_was_shown() -> None:
    application = complete()
    shown = str(W8BenForm(application=application).initial["shown"])
    application.keep_answers({"city": "Santos"})
    form = signed(application, shown=shown)
    assert "has changed since this page was opened" in form.errors["signature"][0]
    again = signed(application, shown=str(form["shown"].value()))
    assert again.is_valid(), again.errors


def test_w8ben_form_offers_a_treaty_only_where_there_is_one() -> None:
    assert "claims_treaty" not in signed(complete()).fields
    number = {"foreign_tax_id_type": "DEU_TAX_ID", "foreign_tax_id": "36574261809"}
    german = complete(country_of_tax_residence="DEU", **number)
    assert set(signed(german).errors) == {"claims_treaty"}
    assert signed(german, claims_treaty="True").is_valid()
    without = complete(
        country_of_tax_residence="DEU", foreign_tax_id_type="NONE", no_tax_number_reason="NOT_REQUIRED"
    )
    assert "claims_treaty" not in signed(without).fields


@pytest.mark.parametrize(
    "change",
    [
        {"family_name": "Lima"},
        {"city": "Santos"},
        {"foreign_tax_id": "11144477735"},
        {"country_of_citizenship": "PRT"},
        {"date_of_birth": date(1985, 4, 1)},
    ],
)
def test_w8ben_is_to_be_signed_again_once_it_says_something_else(change: dict[str, Any]) -> None:
    application = complete()
    assert "w8ben" not in keys(application)
    application.keep_answers(change)
    assert "w8ben" in keys(application)


def test_w8ben_valid_until() -> None:
    assert w8ben.valid_until(date(2026, 1, 1)) == date(2029, 12, 31)
    assert w8ben.valid_until(date(2026, 12, 31)) == date(2029, 12, 31)


def test_w8ben_content_of_a_us_number_and_of_none() -> None:
    itin = w8ben.content(complete(foreign_tax_id_type="USA_ITIN", foreign_tax_id="912345678").answer)
    assert (itin["tax_id_ssn"], itin["ftin_not_required"]) == ("912345678", True)
    none = w8ben.content(complete(foreign_tax_id_type="NONE", no_tax_number_reason="NOT_REQUIRED").answer)
    assert none["ftin_not_required"] is True
    assert not {"foreign_tax_id", "tax_id_ssn"} & set(none)
    paper = w8ben.content(complete(foreign_tax_id_type="PASSPORT", foreign_tax_id="C01X00T47").answer)
    assert "foreign_tax_id" not in paper


SIGNED_AT = datetime(2026, 3, 2, 15, 0, 1, tzinfo=UTC)


def body_of(application: KycApplication) -> dict[str, Any]:
    form = TaxForm(
        content=w8ben.content(application.answer),
        signature="Ana Souza",
        revision=w8ben.REVISION,
        signed_at=SIGNED_AT,
        ip_address="203.0.113.7",
    )
    agreed = Agreement(agreement="customer_agreement", signed_at=SIGNED_AT, ip_address="203.0.113.7")
    return payloads.account_request(application, [agreed], form).body()


def test_account_request_of_somebody_taxed_abroad_is_what_was_answered() -> None:
    application = complete(mail_goes_elsewhere=True, mailing_street="Caixa Postal 7", mailing_city="Santos",
                           mailing_country="BRA")  # fmt: skip
    sent = body_of(application)
    assert sent["contact"] == {
        "email_address": "ana@example.com",
        "phone_number": "+551123456789",
        "street_address": ["Rua Augusta 1000"],
        "unit": "Apto 12",
        "city": "Sao Paulo",
        "state": "SP",
        "postal_code": "01304-001",
        "country": "BRA",
    }
    identity = sent["identity"]
    assert (identity["tax_id"], identity["tax_id_type"]) == ("39053344705", "BRA_CPF")
    assert identity["country_of_tax_residence"] == identity["country_of_citizenship"] == "BRA"
    assert identity["country_of_birth"] == "PRT"
    (document,) = sent["documents"]
    assert (document["document_type"], document["mime_type"]) == ("w8ben", "application/json")
    assert "content" not in document
    assert document["content_data"] == {
        "full_name": "Ana Souza",
        "country_citizen": "BRA",
        "date_of_birth": "1985-03-31",
        "permanent_address_street": "Rua Augusta 1000, Apto 12",
        "permanent_address_city_state": "Sao Paulo, SP, 01304-001",
        "permanent_address_country": "BRA",
        "mailing_address_street": "Caixa Postal 7",
        "mailing_address_city_state": "Santos",
        "mailing_address_country": "BRA",
        "foreign_tax_id": "39053344705",
        "signer_full_name": "Ana Souza",
        "date": "2026-03-02",
        "timestamp": "2026-03-02T15:00:01+00:00",
        "ip_address": "203.0.113.7",
        "revision": "10-2021",
    }


def test_account_request_without_a_tax_number_says_so() -> None:
    identity = body_of(complete(foreign_tax_id_type="NONE", no_tax_number_reason="NOT_REQUIRED"))["identity"]
    assert identity["tax_id_type"] == "NOT_SPECIFIED"
    assert "tax_id" not in identity


def test_countries_not_taken_are_those_the_broker_prohibits(near_broker: InProcess) -> None:
    known = near_broker.request("GET", "/v1/country-info").body
    prohibited = {code for code, row in known.items() if row["securities_risk_rating"] == "prohibited"}
    assert prohibited == settings.COUNTRIES_NOT_TAKEN


def test_countries_not_taken_are_a_setting(settings: Any) -> None:
    settings.COUNTRIES_NOT_TAKEN = frozenset({"CUB", "FRA"})
    with pytest.raises(rules.AnswerRefused, match="US sanctions forbid it"):
        rules.check_country_taken("CUB")
    with pytest.raises(rules.AnswerRefused, match="We open no accounts"):
        rules.check_country_taken("FRA")
    rules.check_country_taken("IRN")
