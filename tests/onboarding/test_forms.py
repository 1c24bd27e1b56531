from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from brokerapp.ui.fields import EmailField
from onboarding.forms import FORMS, DisclosureDetailsForm, DisclosuresForm, DocumentsForm, TaxIdForm
from onboarding.forms.step import StepForm
from onboarding.models import KycApplication
from onboarding.questions.fields import country_choices
from tests.brokerapp.security.uploads.samples import passport
from tests.factories import KycApplicationFactory

NameForm, ContactForm, EligibilityForm = FORMS["name"], FORMS["contact"], FORMS["eligibility"]
VisaForm, FinancesForm = FORMS["visa"], FORMS["finances"]
WorkForm, TrustedContactForm = FORMS["work"], FORMS["trusted-contact"]

CONTACT = {
    "phone_number": "(212) 555-0123",
    "street_address": "20 N San Mateo Dr",
    "unit": "Apt 1A",
    "city": "San Mateo",
    "state": "CA",
    "postal_code": "94401",
}


def test_contact_form_stores_the_phone_as_e164() -> None:
    form = ContactForm(CONTACT, application=KycApplication())
    assert form.is_valid(), form.errors
    assert form.answers()["phone_number"] == "+12125550123"


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("postal_code", "9440", "5 digits"),
        ("postal_code", "ABCDE", "5 digits"),
        ("street_address", "PO Box 12", "P.O. box"),
        ("phone_number", "12", "area code"),
        ("city", "12345", "digits only"),
        ("city", "San José", "“é”. Write “San Jose”"),
        ("state", "ZZ", "answers offered"),
    ],
)
def test_contact_form_names_the_rule(field: str, typed: str, words: str) -> None:
    form = ContactForm({**CONTACT, field: typed}, application=KycApplication())
    assert not form.is_valid()
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]


@pytest.mark.parametrize(
    ("field", "pasted", "kept"),
    [
        ("street_address", "1234 O’Farrell St", "1234 O'Farrell St"),
        ("city", "St. Mary’s", "St. Mary's"),
        ("city", "San\u00a0Mateo\u200b", "San Mateo"),
        ("postal_code", "94401–1234", "94401-1234"),
        ("postal_code", "944011234", "94401-1234"),
        ("postal_code", "94401 1234", "94401-1234"),
        ("postal_code", " 94401\u200b", "94401"),
        ("phone_number", "212‑555‑0123", "+12125550123"),
        ("phone_number", "+44 20 7946 0018", "+442079460018"),
        ("street_address", "12 Post Office Box Rd", "12 Post Office Box Rd"),
    ],
)
def test_contact_form_takes_what_is_pasted(field: str, pasted: str, kept: str) -> None:
    form = ContactForm({**CONTACT, field: pasted}, application=KycApplication())
    assert form.is_valid(), form.errors
    assert form.answers()[field] == kept


@pytest.mark.parametrize(
    ("field", "typed", "words"),
    [
        ("phone_number", "320-5478", "area code"),
        ("phone_number", "000-000-0000", "area code"),
        ("phone_number", "911-555-0123", "area code"),
        ("phone_number", "424-417-2469x61914", "extension"),
        ("postal_code", "00000", "no ZIP code 00000"),
        ("postal_code", "90210-12", "5 digits"),
        ("street_address", "Box 65, RR 2", "P.O. box"),
        ("street_address", "POB 12", "P.O. box"),
        ("unit", "PO Box 12", "P.O. box"),
        ("unit", "x" * 21, "20 characters fit"),
        ("street_address", "x" * 101, "100 characters fit"),
        ("city", "李", "“李”"),
    ],
)
def test_contact_form_refuses_what_the_broker_will_refuse(field: str, typed: str, words: str) -> None:
    form = ContactForm({**CONTACT, field: typed}, application=KycApplication())
    assert list(form.errors) == [field]
    assert words in form.errors[field][0]
    assert form[field].value() == typed


def test_contact_form_zip_and_state_do_not_agree() -> None:
    form = ContactForm({**CONTACT, "postal_code": "90210", "state": "NY"}, application=KycApplication())
    assert form.errors == {
        "postal_code": ["90210 is not a ZIP code of New York. Check the ZIP code and the state."]
    }
    assert ContactForm(
        {**CONTACT, "postal_code": "06390", "state": "NY"}, application=KycApplication()
    ).is_valid()


@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("Núñez", "“ú”, “ñ”. Write “Nunez”, as on your tax papers."),
        ("x" * 51, "50 characters fit"),
        ("B", "2 characters or more"),
        ("", "Enter your last name."),
    ],
)
def test_name_form_offers_a_spelling(typed: str, words: str) -> None:
    form = NameForm({"given_name": "Ada", "family_name": typed}, application=KycApplication())
    assert words in form.errors["family_name"][0]


@pytest.mark.parametrize(
    ("pasted", "kept"),
    [("O’Neil", "O'Neil"), ("Smith‑Jones", "Smith-Jones"), ("De\u00a0La\u00a0Cruz", "De La Cruz")],
)
def test_name_form_folds_what_is_pasted(pasted: str, kept: str) -> None:
    form = NameForm({"given_name": "Ada", "family_name": pasted}, application=KycApplication())
    assert form.is_valid(), form.errors
    assert form.answers()["family_name"] == kept


def test_birthplace_form_offers_kosovo_in_its_place() -> None:
    codes = [code for code, _ in country_choices()]
    assert codes[:2] == ["", "USA"]
    assert "XKX" in codes
    names = [name for _, name in country_choices()[2:]]
    assert names.index("Kosovo") == names.index("Kuwait") - 1
    born = FORMS["identity"]({"country_of_birth": "XKX"}, application=KycApplication())
    assert born.is_valid()


def test_eligibility_form_takes_the_name_of_a_month() -> None:
    form = eligible(date_of_birth_month="March")
    assert form.is_valid(), form.errors
    assert form.answers()["date_of_birth"] == date(1985, 3, 31)


def test_name_form_needs_two_letters_of_a_family_name() -> None:
    assert not NameForm({"given_name": "Ada", "family_name": "B"}, application=KycApplication()).is_valid()


def eligible(year: str = "1985", **answers: str) -> StepForm:
    data = {
        "date_of_birth_month": "3",
        "date_of_birth_day": "31",
        "date_of_birth_year": year,
        "country_of_residence": "USA",
        "country_of_citizenship": "USA",
    }
    return EligibilityForm({**data, **answers}, application=KycApplication())


def test_eligibility_form_refuses_a_minor() -> None:
    form = eligible(year=str(timezone.now().year - 17))
    assert "18 or older" in form.errors["date_of_birth"][0]


def test_eligibility_form_refuses_a_date_that_does_not_exist_and_keeps_it() -> None:
    form = eligible(date_of_birth_month="2", date_of_birth_day="30")
    assert "real date" in form.errors["date_of_birth"][0]
    assert 'value="30"' in str(form["date_of_birth"])


def test_eligibility_form_asks_foreign_citizens_for_their_status() -> None:
    assert set(eligible(country_of_citizenship="GBR").errors) == {"permanent_resident"}
    assert eligible(country_of_citizenship="GBR", permanent_resident="True").is_valid()
    visitor = {"country_of_citizenship": "GBR", "permanent_resident": "False"}
    assert set(eligible(**visitor).errors) == {"country_of_tax_residence"}
    assert eligible(**visitor, country_of_tax_residence="USA").is_valid()


@pytest.mark.parametrize(
    ("answers", "field", "words"),
    [
        ({"country_of_residence": "CUB"}, "country_of_residence", "US sanctions forbid it"),
        (
            {
                "country_of_citizenship": "GBR",
                "permanent_resident": "False",
                "country_of_tax_residence": "GBR",
            },
            "country_of_tax_residence",
            "only if they are tax residents there",
        ),
    ],
)
def test_eligibility_form_says_at_once_whom_we_cannot_take(
    answers: dict[str, str], field: str, words: str
) -> None:
    form = eligible(**answers)
    assert set(form.errors) == {field}
    assert words in form.errors[field][0]


def on_a_visa() -> KycApplication:
    return KycApplication(country_of_citizenship="GBR", permanent_resident=False)


def visa(kind: str, **answers: str) -> StepForm:
    ends = {f"visa_expiration_date_{part}": value for part, value in FUTURE.items()}
    return VisaForm({"visa_type": kind, **ends, **answers}, application=on_a_visa())


FUTURE = {"month": "3", "day": "31", "year": str(timezone.now().year + 2)}


def test_visa_form_asks_visitors_when_they_leave() -> None:
    assert visa("H1B").is_valid()
    assert set(visa("B2").errors) == {"date_of_departure_from_usa"}
    leaves = {f"date_of_departure_from_usa_{part}": value for part, value in FUTURE.items()}
    assert visa("B1", **leaves).is_valid()
    past = visa("B1", **{**leaves, "date_of_departure_from_usa_year": "2020"})
    assert "in the past" in past.errors["date_of_departure_from_usa"][0]
    works = visa("H1B", **leaves)
    assert works.is_valid()
    assert works.answers()["date_of_departure_from_usa"] is None


def test_visa_form_asks_what_another_visa_is_called_and_whether_it_holds() -> None:
    assert set(visa("OTHER").errors) == {"visa_type_other_free_text"}
    assert visa("OTHER", visa_type_other_free_text="K-1").is_valid()
    assert "in the past" in visa("F1", visa_expiration_date_year="2020").errors["visa_expiration_date"][0]
    assert "too far ahead" in visa("F1", visa_expiration_date_year="2220").errors["visa_expiration_date"][0]


def test_name_form_of_somebody_with_one_name() -> None:
    form = NameForm({"family_name": "Sukarno", "has_one_name": "True"}, application=KycApplication())
    assert form.is_valid(), form.errors
    assert form.answers()["given_name"] == ""
    two = NameForm({"given_name": "Ana", "family_name": "García López"}, application=KycApplication())
    assert "Garcia Lopez" in two.errors["family_name"][0]


def test_finances_form_may_be_left_empty_and_does_not_take_a_contradiction() -> None:
    empty = FinancesForm({}, application=KycApplication())
    assert empty.is_valid()
    assert empty.answers()["finances_answered"] is True
    form = FinancesForm(
        {"liquid_net_worth": "1000000-5000000", "total_net_worth": "0-25000"}, application=KycApplication()
    )
    assert set(form.errors) == {"total_net_worth"}
    same = {"liquid_net_worth": "50000-100000", "total_net_worth": "50000-100000"}
    assert FinancesForm(same, application=KycApplication()).is_valid()


def test_eligibility_form_drops_status_of_a_citizen() -> None:
    form = eligible(permanent_resident="True")
    assert form.is_valid()
    assert form.answers()["permanent_resident"] is None


def test_tax_id_form_stores_number_type_and_last_four() -> None:
    form = TaxIdForm({"tax_id": "124-55-4321"}, application=KycApplication())
    assert form.is_valid()
    assert form.answers() == {"tax_id": "124554321", "tax_id_type": "USA_SSN", "tax_id_last4": "4321"}


@pytest.mark.parametrize("pasted", [" 124-55-4321", "124 - 55 - 4321", "124–55–4321", "124-55-4321\u200b"])
def test_tax_id_form_takes_what_is_pasted(pasted: str) -> None:
    form = TaxIdForm({"tax_id": pasted}, application=KycApplication())
    assert form.is_valid(), form.errors
    assert form.answers()["tax_id"] == "124554321"
    assert "maxlength" not in str(TaxIdForm(application=KycApplication())["tax_id"])


def test_tax_id_form_never_shows_a_saved_number_and_keeps_it_when_left_empty() -> None:
    saved = KycApplication(tax_id="124554321", tax_id_last4="4321")
    assert "124554321" not in str(TaxIdForm(application=saved))
    form = TaxIdForm({"tax_id": ""}, application=saved)
    assert form.is_valid()
    assert form.answers() == {}


def upload(name: str, content: bytes) -> DocumentsForm:
    return DocumentsForm(
        {"document_type": "identity_verification"},
        {"file": SimpleUploadedFile(name, content)},
        application=KycApplication(),
    )


def test_documents_form_goes_by_content_not_by_name() -> None:
    form = upload("passport.exe", passport())
    assert form.is_valid()
    assert form.cleaned_data["file"].mime_type == "application/pdf"
    assert "not a PDF" in upload("passport.pdf", b"MZ\x90\x00").errors["file"][0]


def test_documents_form_refuses_a_large_file_with_both_sizes() -> None:
    error = upload("passport.pdf", b"%PDF-" + bytes(12_000_000)).errors["file"][0]
    assert "12.0 MB" in error
    assert "7.5 MB" in error


def test_documents_form_takes_a_pdf_with_a_byte_order_mark() -> None:
    form = upload("passport.pdf", b"\xef\xbb\xbf" + passport())
    assert form.is_valid(), form.errors
    assert form.cleaned_data["file"].mime_type == "application/pdf"


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("passport.avif", b"\x00\x00\x00\x18ftypavif", "AVIF picture"),
        ("passport.webp", b"RIFF\x00\x00\x00\x00WEBP", "WebP picture"),
    ],
)
def test_documents_form_names_the_kind_of_picture_it_cannot_take(
    name: str, content: bytes, words: str
) -> None:
    assert words in upload(name, content).errors["file"][0]


def test_documents_form_says_that_a_chosen_file_was_not_taken() -> None:
    refused = {"document_type": "identity_verification", "file-refused": "passport.heic is too large"}
    form = DocumentsForm(refused, {}, application=KycApplication())
    assert "was not taken" in form.errors["file"][0]
    assert DocumentsForm({"document_type": ""}, {}, application=KycApplication()).is_valid()


def test_documents_form_keeps_a_file_under_a_kind_that_is_known() -> None:
    form = DocumentsForm({}, {"file": SimpleUploadedFile("a.pdf", passport())}, application=KycApplication())
    assert form.is_valid()
    assert form.cleaned_data["document_type"] == "identity_verification"


@pytest.mark.parametrize(
    ("form", "names"),
    [
        (WorkForm, ["employer_name", "employer_address", "employment_position"]),
        (EligibilityForm, ["permanent_resident"]),
        (TrustedContactForm, ["trusted_given_name", "trusted_family_name", "trusted_email_address"]),
    ],
)
def test_nothing_that_is_then_demanded_is_called_optional(form: type[StepForm], names: list[str]) -> None:
    built = form(application=KycApplication())
    for name in names:
        assert "(optional)" not in built[name].as_field_group()
        assert built.fields[name].follows.field in built.fields  # type: ignore[attr-defined]


def test_work_form_needs_the_employer_of_the_employed_only() -> None:
    employed = WorkForm(
        {"employment_status": "EMPLOYED", "funding_source": ["savings"]}, application=KycApplication()
    )
    assert set(employed.errors) == {"employer_name", "employer_address", "employment_position"}
    retired = WorkForm(
        {"employment_status": "RETIRED", "funding_source": ["savings"], "employer_name": "Old Inc"},
        application=KycApplication(),
    )
    assert retired.is_valid()
    assert retired.answers()["employer_name"] == ""


def test_disclosures_form_forgets_details_of_a_changed_answer() -> None:
    application = KycApplication(
        is_control_person=True, disclosure_context=[{"context_type": "CONTROLLED_FIRM"}]
    )
    no = {
        "is_control_person": "False",
        "is_affiliated_exchange_or_finra": "False",
        "is_politically_exposed": "False",
        "immediate_family_exposed": "False",
    }
    form = DisclosuresForm(no, application=application)
    assert form.is_valid()
    assert form.answers()["is_control_person"] is False
    assert form.answers()["disclosure_context"] == []


def test_disclosure_details_form_makes_one_entry_per_true_answer() -> None:
    application = KycApplication(is_affiliated_exchange_or_finra=True, immediate_family_exposed=True)
    data = {
        "AFFILIATE_FIRM-company_name": "Big Board",
        "AFFILIATE_FIRM-company_street_address": "11 Wall St",
        "AFFILIATE_FIRM-company_city": "New York",
        "AFFILIATE_FIRM-company_state": "NY",
        "AFFILIATE_FIRM-company_country": "USA",
        "AFFILIATE_FIRM-company_compliance_email": "compliance@example.com",
        "IMMEDIATE_FAMILY_EXPOSED-given_name": "Sam",
        "IMMEDIATE_FAMILY_EXPOSED-family_name": "Senator",
    }
    form = DisclosureDetailsForm(data, application=application)
    assert form.is_valid(), form.errors
    affiliate, family = form.answers()["disclosure_context"]
    assert affiliate["context_type"] == "AFFILIATE_FIRM"
    assert affiliate["company_name"] == "Big Board"
    assert family == {
        "context_type": "IMMEDIATE_FAMILY_EXPOSED",
        "given_name": "Sam",
        "family_name": "Senator",
    }
    assert (
        "AFFILIATE_FIRM-company_state"
        in DisclosureDetailsForm({**data, "AFFILIATE_FIRM-company_state": ""}, application=application).errors
    )


def test_trusted_contact_form_needs_one_way_to_reach_them() -> None:
    yes = {"wants_trusted_contact": "True", "trusted_given_name": "Sam", "trusted_family_name": "Friend"}
    assert "trusted_email_address" in TrustedContactForm(yes, application=KycApplication()).errors
    assert TrustedContactForm(
        {**yes, "trusted_phone_number": "2125550199"}, application=KycApplication()
    ).is_valid()


def test_trusted_contact_form_drops_a_contact_after_no() -> None:
    form = TrustedContactForm(
        {"wants_trusted_contact": "False", "trusted_given_name": "Sam"}, application=KycApplication()
    )
    assert form.is_valid()
    assert form.answers()["trusted_given_name"] == ""


@pytest.mark.parametrize("form", FORMS.values(), ids=lambda form: form.__name__)
def test_nothing_that_a_form_takes_is_too_long_for_its_column(form: type[StepForm]) -> None:
    columns = {field.name: field for field in KycApplication._meta.fields}
    for name, field in form(application=KycApplication()).fields.items():
        most = getattr(columns.get(name), "max_length", None)
        if most and getattr(field, "max_length", None) and not isinstance(field, EmailField):
            assert field.max_length <= most, name  # type: ignore[attr-defined]


@pytest.mark.django_db
def test_forms_show_saved_answers() -> None:
    application = KycApplicationFactory.create()
    assert 'value="20 N San Mateo Dr"' in str(ContactForm(application=application))
