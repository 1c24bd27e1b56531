"""What the pages accept the broker accepts; what it refuses is caught at the field where it was typed.

The broker is our sandbox, asked without sockets: there are thousands of applications.
"""

import itertools
from datetime import UTC, date, datetime
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import pytest
from django.forms import BooleanField, ChoiceField, DateField, Field, MultipleChoiceField
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from localflavor.us.us_states import STATE_CHOICES

from brokerapp.accounts.emails import BrokerEmailField
from brokerapp.ui.widgets import SSNInput
from brokerapp.ui.words import SpokenForm
from onboarding import payloads, steps, w8ben
from onboarding.agreements import revisions_of
from onboarding.forms import FORMS, DisclosureDetailsForm
from onboarding.forms.step import StepForm
from onboarding.models import Agreement, KycApplication, TaxForm
from onboarding.questions.catalogue import PAGES, forget_what_is_not_asked
from onboarding.questions.eligibility import TAXED_ABROAD
from onboarding.questions.fields import PhoneField, ZipField
from tests.depth import SCALE
from tests.factories import KycApplicationFactory
from tests.sandbox.in_process import Answer, InProcess

NameForm, ContactForm = FORMS["name"], FORMS["contact"]
WorkForm, TrustedContactForm = FORMS["work"], FORMS["trusted-contact"]
NUMBERS = itertools.count()
SIGNED_AT = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
THIS_YEAR = datetime.now(UTC).year
ALL = settings(max_examples=25 * SCALE, suppress_health_check=list(HealthCheck))

HANDS = st.characters(min_codepoint=32, max_codepoint=126) | st.sampled_from(
    "’‑–\u00a0\u200b\ufefféñßﬁ１ \tİ"
)
"""The letters of keyboards and of what is pasted from elsewhere."""
TEXTS = (
    st.text(HANDS, max_size=24)
    | st.text("0123456789 -#", max_size=8)
    | st.text("abc", min_size=45, max_size=110)
)
BOXES = st.builds(
    "{}{}{}{}".format,
    st.sampled_from(["", "12 ", "RR 2 ", "Apt 4, "]),
    st.sampled_from(
        "PO Box|P.O. Box|p o box|POB|P.O.Box|PO-Box|Post Office Box|Box|Box #|Po|Pobox|P.O.B.".split("|")
    ),
    st.sampled_from(
        ["", " ", " 7", " Rd", " Road 7", " Boxwood Ln", "12", " St Rd", " Street", "-7", " Hill Rd"]
    ),
    st.sampled_from(["", ", RR 2", " #4"]),
)
ZIPS = st.from_regex(r"\A[0-9]{5}([- –]?[0-9]{4})?\Z") | TEXTS
PHONES = (
    st.from_regex(r"\A(\+?1[ -])?\(?[0-9]{3}\)?[ -.][0-9]{3}[-–][0-9]{4}(x[0-9]{1,4})?\Z")
    | st.from_regex(r"\A\+[0-9]{6,14}\Z")
    | TEXTS
)
SSNS = st.from_regex(r"\A[0-9]{3}[- –]?[0-9]{2}[- –]?[0-9]{4}\Z") | TEXTS
EMAILS = (
    st.emails()
    | st.builds("{}@{}".format, st.text(HANDS, max_size=70), st.text(HANDS, max_size=20))
    | st.builds("{}+{}@example.com".format, st.text("ab.", max_size=70), st.text("ab", max_size=90))
)
CONTACT = {
    "phone_number": "(212) 555-0123",
    "street_address": "20 N San Mateo Dr",
    "unit": "",
    "city": "San Mateo",
    "state": "CA",
    "postal_code": "94401",
}
NAME = {"given_name": "Ada", "middle_name": "", "family_name": "Byron"}
WORK = {
    "employment_status": "EMPLOYED",
    "employer_name": "Engines",
    "employer_address": "1 Way",
    "employment_position": "Programmer",
    "funding_source": ["savings"],
}


TAKEN_BEFORE = 409
ADDRESSES: set[str] = set()
"""Those that the broker has with an account: of each it takes one."""


class AddressForm(SpokenForm):
    email_address = BrokerEmailField()


@pytest.fixture(scope="module")
def broker(near_broker: InProcess) -> InProcess:
    return near_broker


def applicant(kind: str) -> KycApplication:
    """Somebody of a kind, with every question answered."""
    application: KycApplication = KycApplicationFactory.build(
        user=None, email_address="", signed_revisions=SIGNED
    )
    application.keep_answers({**dict.fromkeys(SEEN, True), **FIRM_AND_FRIEND, **KINDS[kind]})
    if application.answer("has_other_account"):
        application.keep_answers({"account_email": f"ada+{next(NUMBERS)}@example.com"})
    forget_what_is_not_asked(application)
    sign_w8ben(application)
    return application


def sign_w8ben(application: KycApplication) -> None:
    """As if the form were signed as it reads now, by who has to."""
    if TAXED_ABROAD(application.answer):
        application.keep_answers({"w8ben_signed": w8ben.digest(application.answer)})


def tax_form_of(application: KycApplication) -> TaxForm | None:
    """The form as it is signed now; None for who signs none."""
    if not TAXED_ABROAD(application.answer):
        return None
    return TaxForm(
        content=w8ben.content(application.answer),
        signature=w8ben.full_name(application.answer),
        revision=w8ben.REVISION,
        signed_at=SIGNED_AT,
        ip_address="185.13.21.99",
    )


def send(broker: InProcess, answers: dict[str, Any], ip_address: str = "185.13.21.99") -> Answer:
    """Send the application of somebody who answered this and otherwise what everybody answers."""
    application = KycApplicationFactory.build(user=None, email_address="")
    application.keep_answers(answers)
    forget_what_is_not_asked(application)
    return send_as_it_is(broker, application, ip_address, answers.get("email_address", ""))


def send_as_it_is(
    broker: InProcess, application: KycApplication, ip_address: str = "185.13.21.99", email: str = ""
) -> Answer:
    """Send an application, from an address that is new unless it is given or answered."""
    application.email_address = email or f"ada{next(NUMBERS)}@example.com"
    signed = Agreement(agreement="customer_agreement", signed_at=SIGNED_AT, ip_address=ip_address)
    request = payloads.account_request(application, [signed], tax_form_of(application))
    body = request.body()
    answer = broker.request("POST", "/v1/accounts", body)
    if answer.status == 200:
        ADDRESSES.add(body["contact"]["email_address"].lower())
    return answer


def check(broker: InProcess, form: StepForm, *fields: str) -> None:
    """Either the form refuses at one of the fields that were typed in, or the broker takes the answers."""
    if form.is_valid():
        answer = send(broker, form.answers())
        assert answer.status == 200, (answer.body, form.answers())
    else:
        assert set(form.errors) <= set(fields)


@ALL
@given(st.sampled_from(sorted(NAME)), TEXTS)
@example("family_name", "O’Neil")
@example("given_name", "De\u00a0La\u00a0Cruz")
def test_names(broker: InProcess, field: str, typed: str) -> None:
    check(broker, NameForm({**NAME, field: typed}, application=KycApplication()), field)


@ALL
@given(st.sampled_from(["street_address", "unit", "city"]), TEXTS | BOXES)
@example("street_address", "12 Post Office Box Rd")
@example("street_address", "Box 65, RR 2")
@example("street_address", "1234 O’Farrell St")
def test_addresses(broker: InProcess, field: str, typed: str) -> None:
    check(broker, ContactForm({**CONTACT, field: typed}, application=KycApplication()), field)


@ALL
@given(BOXES)
def test_boxes(broker: InProcess, typed: str) -> None:
    check(
        broker,
        ContactForm({**CONTACT, "street_address": typed}, application=KycApplication()),
        "street_address",
    )


@ALL
@given(ZIPS, st.sampled_from([code for code, _ in STATE_CHOICES]))
@example("94401–1234", "CA")
def test_zips(broker: InProcess, typed: str, state: str) -> None:
    form = ContactForm({**CONTACT, "postal_code": typed, "state": state}, application=KycApplication())
    check(broker, form, "postal_code")


@ALL
@given(PHONES)
def test_phones(broker: InProcess, typed: str) -> None:
    check(
        broker, ContactForm({**CONTACT, "phone_number": typed}, application=KycApplication()), "phone_number"
    )


@ALL
@given(EMAILS)
@example("ana@exämple.com")
@example("ana@v.I.xN--QXaM")
@example("ana@xn--q.com")
@example("a" * 63 + "@example.com")
def test_emails(broker: InProcess, typed: str) -> None:
    form = AddressForm({"email_address": typed})
    if form.is_valid():
        answer = send(broker, form.cleaned_data)
        assert answer.status in (200, TAKEN_BEFORE), (answer.body, form.cleaned_data)


@ALL
@given(
    st.sampled_from(
        ["trusted_given_name", "trusted_family_name", "trusted_email_address", "trusted_phone_number"]
    ),
    TEXTS | EMAILS | PHONES,
)
def test_trusted_contact(broker: InProcess, field: str, typed: str) -> None:
    yes = {
        "wants_trusted_contact": "True",
        "trusted_given_name": "Sam",
        "trusted_family_name": "Friend",
        "trusted_email_address": "sam@example.com",
    }
    check(broker, TrustedContactForm({**yes, field: typed}, application=KycApplication()), field)


@ALL
@given(st.sampled_from(["employer_name", "employer_address", "employment_position"]), TEXTS)
def test_work(broker: InProcess, field: str, typed: str) -> None:
    check(broker, WorkForm({**WORK, field: typed}, application=KycApplication()), field)


@ALL
@given(
    st.sampled_from(["company_name", "company_street_address", "company_city", "company_compliance_email"]),
    TEXTS,
)
def test_disclosure_details(broker: InProcess, member: str, typed: str) -> None:
    details = {
        "company_name": "Big Board",
        "company_street_address": "11 Wall St",
        "company_city": "New York",
        "company_state": "NY",
        "company_country": "USA",
        "company_compliance_email": "compliance@example.com",
        member: typed,
    }
    data = {f"CONTROLLED_FIRM-{name}": value for name, value in details.items()}
    form = DisclosureDetailsForm(data, application=KycApplication(is_control_person=True))
    check(broker, form, f"CONTROLLED_FIRM-{member}")


@ALL
@given(st.ip_addresses())
def test_signing_addresses(broker: InProcess, address: IPv4Address | IPv6Address) -> None:
    assert send(broker, {}, ip_address=str(address)).status == 200


KINDS: dict[str, dict[str, Any]] = {
    "citizen": {},
    "permanent resident": {"country_of_citizenship": "JPN", "permanent_resident": True},
    "on a visa": {
        "country_of_citizenship": "IND",
        "permanent_resident": False,
        "country_of_tax_residence": "USA",
        "visa_type": "H1B",
        "visa_expiration_date": date(THIS_YEAR + 2, 3, 31),
    },
    "citizen abroad": {
        "country_of_residence": "CAN",
        "phone_number": "+16135550123",
        "province": "Ontario",
        "foreign_postal_code": "K1A 0B1",
    },
    "taxed abroad": {
        "country_of_residence": "DEU",
        "country_of_citizenship": "BRA",
        "other_citizenship": "DEU",
        "permanent_resident": False,
        "country_of_tax_residence": "DEU",
        "phone_number": "+493012345678",
        "foreign_postal_code": "10115",
        "foreign_tax_id_type": "DEU_TAX_ID",
        "foreign_tax_id": "36574261809",
        "foreign_tax_id_last4": "1809",
        "identity_paper": "passport",
        "mail_goes_elsewhere": False,
        "claims_treaty": True,
    },
    "without a tax number": {
        "country_of_residence": "ARE",
        "country_of_citizenship": "IND",
        "permanent_resident": False,
        "country_of_tax_residence": "ARE",
        "phone_number": "+97143456789",
        "foreign_tax_id_type": "NONE",
        "no_tax_number_reason": "COUNTRY_HAS_NONE",
        "identity_paper": "passport",
        "mail_goes_elsewhere": True,
        "mailing_street": "P.O. Box 7",
        "mailing_city": "Mumbai",
        "mailing_country": "IND",
    },
    "discloser": {"is_control_person": True, "wants_trusted_contact": True},
    "saver for retirement": {
        "account_kind": "ira",
        "account_sub_type": "roth",
        "number_of_beneficiaries": "1",
        "spouse_agrees": True,
        "beneficiaries": [
            {
                "type": "primary",
                "given_name": "Sam",
                "middle_name": "",
                "family_name": "Friend",
                "date_of_birth": "1990-05-01",
                "relationship": "friend",
                "share_pct": "100",
                "tax_id_type": "USA_SSN",
                "tax_id_last4": "4323",
            }
        ],
        "beneficiary_tax_ids": ["124554323"],
    },
    "parent": {
        "account_kind": "custodial",
        "has_other_account": True,
        "knows_it_is_a_gift": True,
        "minor_given_name": "Tim",
        "minor_family_name": "Byron",
        "minor_date_of_birth": date(SIGNED_AT.year - 7, 12, 31),
        "minor_tax_id": "124554322",
        "minor_email": "tim@example.com",
        "minor_country_of_citizenship": "USA",
        "minor_country_of_birth": "USA",
        "minor_state": "CA",
    },
}
"""People whose answers lead to every page; what is not told of them is as everybody's."""
SIGNED = revisions_of("customer_agreement")
SEEN = [page.seen for page in PAGES.values() if page.seen]
FIRM_AND_FRIEND = {
    "disclosure_context": [{"context_type": "CONTROLLED_FIRM", "company_name": "Big Board"}],
    "trusted_given_name": "Sam",
    "trusted_family_name": "Friend",
    "trusted_email_address": "sam@example.com",
}
"""Forgotten where it is not asked."""
ASKED_BY_HAND = {"documents", "disclosure-details", "w8ben", "agreements"}
KEYBOARDS: dict[type[Field], st.SearchStrategy[str]] = {
    PhoneField: PHONES,
    ZipField: ZIPS,
    BrokerEmailField: EMAILS,
}
YEARS = ("1985", "2007", str(SIGNED_AT.year + 1), "1", "")


def typed_into(field: Field, name: str) -> st.SearchStrategy[dict[str, Any]]:
    """What people do with a field of any kind: choose, type what fits and what does not, leave it empty."""
    if isinstance(field, DateField):
        day, month, year = (
            st.sampled_from(["1", "29", "31", ""]),
            st.sampled_from(["2", "12", "May", "x"]),
            YEARS,
        )
        parts = st.tuples(month, day, st.sampled_from(year))
        return parts.map(
            lambda given: {f"{name}_{part}": one for part, one in zip(PARTS, given, strict=True)}
        )
    options: Any = getattr(field, "choices", ())
    if isinstance(field, MultipleChoiceField):
        keys = [key for key, _ in options]
        return st.lists(st.sampled_from(keys), unique=True).map(lambda given: {name: given})
    if isinstance(field, ChoiceField):
        keys = [str(key) for key, _ in options]
        # The first few often: what they lead to is asked then.
        return st.sampled_from([*keys[:3], *keys, "", "made up"]).map(lambda given: {name: given})
    if isinstance(field, BooleanField):
        return st.sampled_from([{}, {name: "True"}])
    texts = SSNS if isinstance(field.widget, SSNInput) else KEYBOARDS.get(type(field), TEXTS | BOXES)
    return texts.map(lambda given: {name: given})


PARTS = ("month", "day", "year")


def merged(parts: tuple[dict[str, Any], ...]) -> dict[str, Any]:
    return {name: value for part in parts for name, value in part.items()}


@pytest.mark.parametrize("key", sorted(set(PAGES) - ASKED_BY_HAND))
@settings(max_examples=15 * SCALE, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_any_answers_that_a_page_takes(broker: InProcess, key: str, data: st.DataObject) -> None:
    kinds = [kind for kind in KINDS if PAGES[key].when(applicant(kind).answer)]
    application = applicant(data.draw(st.sampled_from(sorted(kinds))))
    fields = FORMS[key](application=application).fields
    typed = st.tuples(*(typed_into(field, name) for name, field in fields.items())).map(merged)
    form = FORMS[key](data.draw(typed), application=application)
    if not form.is_valid():
        assert set(form.errors) <= set(fields)
        return
    application.keep_answers(form.answers())
    forget_what_is_not_asked(application)
    sign_w8ben(application)
    if incomplete := [page.key for page in steps.incomplete_steps(application)]:
        # What the answers have just opened is asked on a page of its own, which is not drawn here.
        assert key not in incomplete
        return
    is_taken = str(application.answer("account_email") or "").lower() in ADDRESSES
    answer = send_as_it_is(broker, application)
    assert answer.status == (TAKEN_BEFORE if is_taken else 200), (answer.body, form.answers())


def test_every_kind_of_person_is_taken(broker: InProcess) -> None:
    for kind in KINDS:
        application = applicant(kind)
        assert [page.key for page in steps.incomplete_steps(application)] == [], kind
        assert send_as_it_is(broker, application).status == 200, kind
