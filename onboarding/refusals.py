"""What the broker did not take of an application, in our words, and where it can be changed."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import reverse

from onboarding.addresses import url
from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES, every_question
from onboarding.staff_reasons import ASK_REASONS, STAFF_ASKED, words_of
from onboarding.statuses import ApplicationStatus

EMAIL = "email"
"""The person's own address is no answer of the application: it is changed where they sign in with it."""

_IN_OUR_WORDS: dict[str, tuple[tuple[str, str], ...]] = {
    "email_address": (
        ("account-email", "the e-mail address of this account"),
        (EMAIL, "your e-mail address"),
        ("trusted-contact", "your trusted contact's e-mail address"),
    ),
    "phone_number": (
        ("contact", "your phone number"),
        ("trusted-contact", "your trusted contact's phone number"),
    ),
    "street_address": (("contact", "your street address"),),
    "unit": (("contact", "your apartment, suite or unit"),),
    "city": (("contact", "your city"),),
    "state": (("contact", "your state or province"), ("child", "the state where the child lives")),
    "postal_code": (("contact", "your ZIP or postal code"),),
    "given_name": (
        ("name", "your first name"),
        ("trusted-contact", "your trusted contact's first name"),
        ("child", "the child's first name"),
        ("beneficiary-details", "the first names of those whom you name"),
    ),
    "middle_name": (
        ("name", "your middle name"),
        ("beneficiary-details", "the middle names of those whom you name"),
    ),
    "family_name": (
        ("name", "your last name"),
        ("trusted-contact", "your trusted contact's last name"),
        ("child", "the child's last name"),
        ("beneficiary-details", "the last names of those whom you name"),
    ),
    "date_of_birth": (
        ("eligibility", "your date of birth"),
        ("child", "the child's date of birth"),
        ("beneficiary-details", "the dates of birth of those whom you name"),
    ),
    "country": (("eligibility", "the country where you live"),),
    "country_of_tax_residence": (("eligibility", "the country where you are a tax resident"),),
    "visa_type": (("visa", "your visa"),),
    "visa_expiration_date": (("visa", "until when you may stay"),),
    "date_of_departure_from_usa": (("visa", "when you leave the United States"),),
    "country_of_birth": (
        ("identity", "the country where you were born"),
        ("child", "the country where the child was born"),
    ),
    "country_of_citizenship": (
        ("eligibility", "your country of citizenship"),
        ("child", "the child's country of citizenship"),
    ),
    "permanent_resident": (("eligibility", "whether you are a permanent resident"),),
    "tax_id": (
        ("tax-id", "your Social Security number"),
        ("foreign-tax-id", "your tax number"),
        ("child", "the child's Social Security number"),
        ("beneficiary-details", "the Social Security numbers of those whom you name"),
    ),
    "tax_id_type": (
        ("tax-id", "your Social Security number"),
        ("foreign-tax-id", "your tax number"),
        ("child", "the child's Social Security number"),
        ("beneficiary-details", "the Social Security numbers of those whom you name"),
    ),
    "foreign_tax_id": (("foreign-tax-id", "your tax number"),),
    "ftin_not_required": (("foreign-tax-id", "your tax number"),),
    "content_data": (("w8ben", "your form W-8BEN"),),
    "w8ben": (("w8ben", "your form W-8BEN"),),
    "minor_identity": (("child", "who the child is"),),
    "beneficiaries": (("beneficiary-details", "the people you name"),),
    "funding_source": (("work", "where your money comes from"),),
    "employment_status": (("work", "what you do"),),
    "employer_name": (("work", "your employer"),),
    "employer_address": (("work", "your employer's address"),),
    "employment_position": (("work", "your job title"),),
    "is_control_person": (("disclosures", "your disclosures"),),
    "is_affiliated_exchange_or_finra": (("disclosures", "your disclosures"),),
    "is_politically_exposed": (("disclosures", "your disclosures"),),
    "immediate_family_exposed": (("disclosures", "your disclosures"),),
    "context": (("disclosure-details", "the details of your disclosures"),),
    "context_type": (("disclosure-details", "the details of your disclosures"),),
    "company_name": (("disclosure-details", "the name of the company or firm"),),
    "company_street_address": (("disclosure-details", "the street address of the company or firm"),),
    "company_city": (("disclosure-details", "the city of the company or firm"),),
    "company_state": (("disclosure-details", "the state of the company or firm"),),
    "company_country": (("disclosure-details", "the country of the company or firm"),),
    "company_compliance_email": (("disclosure-details", "the e-mail address of the compliance department"),),
    "trusted_contact": (("trusted-contact", "your trusted contact"),),
    "agreement": (("agreements", "your signature under the agreements"),),
    "agreements": (("agreements", "your signature under the agreements"),),
    "signed_at": (("agreements", "your signature under the agreements"),),
    "ip_address": (("agreements", "your signature under the agreements"),),
    "revision": (("agreements", "your signature under the agreements"),),
}
"""Pages, and what is asked there, where the question's own words say it less well."""


def _of_the_questions() -> dict[str, tuple[tuple[str, str], ...]]:
    """The same for every question that says where it is sent, in the words of the question."""
    found: dict[str, tuple[tuple[str, str], ...]] = {}
    for page, question in every_question():
        for path in (question.sent,) if isinstance(question.sent, str) else question.sent:
            name = path.rpartition(".")[2]
            found[name] = ((page.key, f"your answer to “{question.short or question.label}”"),)
    return found


ANSWERS = _of_the_questions() | _IN_OUR_WORDS
"""By the broker's names of fields (Broker API, "Create an account"): pages, and what is asked there."""

NAMES = sorted(ANSWERS, key=len, reverse=True)
_ANY_NAME = "|".join(name.replace("_", "[_ .]") for name in NAMES)
NAMED = re.compile(rf"(?<![a-z_])({_ANY_NAME})(?![a-z_])")
ABOUT_OTHERS = {
    "trusted-contact": re.compile(r"trusted[_ ]contact"),
    "child": re.compile(r"\bminor\b|minor[_ ]identity"),
    "beneficiary-details": re.compile(r"beneficiar"),
}
"""How the broker says that its words are about somebody else than the applicant, by the page that asks."""
TAKEN = re.compile(r"already (exists|in use|taken|registered)|not unique")
REASONS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(?:longer than|less than|at most) (\d+)"), "it may have up to {0} characters"),
    (re.compile(r"(?:shorter than) (\d+)"), "it needs {0} characters or more"),
    (re.compile(r"at least (\d+) years"), "you must be {0} or older"),
    (re.compile(r"must have (\d+) digits"), "it has {0} digits"),
    (re.compile(r"\brequired\b|missing"), "it is missing"),
    (re.compile(r"p\.? ?o\.? ?box"), "it cannot be a P.O. box"),
    (re.compile(r"digits only"), "it cannot be digits only"),
    (re.compile(r"invalid characters"), "it has letters or signs that the broker does not take"),
)
LOST_NOTHING = "All other answers are kept. Once it is changed, send your application again."


@dataclass(frozen=True)
class Change:
    """A page where something can be changed: its address, and what the link to it says."""

    url: str
    label: str


@dataclass(frozen=True)
class Refusal:
    """What the broker did not take, in our words, and the pages to change it; none if we cannot tell."""

    text: str
    changes: list[Change]


def read_refusal(application: KycApplication) -> Refusal | None:
    """What the broker refused of an application that came back; None for any other."""
    if application.status != ApplicationStatus.NEEDS_CHANGES:
        return None
    reason = application.status_reason
    if reason == STAFF_ASKED:
        return _asked_by_staff(application)
    said = reason.lower()
    answers = list(dict.fromkeys(_answers(said, application)))
    if not answers:
        return Refusal(_not_understood(reason), [])
    changes = [Change(_url(step, application), f"Change {what}") for step, what in answers]
    if TAKEN.search(said) and answers[0][0] == EMAIL:
        return Refusal(
            "The broker has an account with your e-mail address already. Use another address here; if that "
            "account is yours, contact support.",
            changes[:1],
        )
    what = " or ".join(what for _, what in answers)
    return Refusal(f"The broker did not accept {what}{_why(said)}. {LOST_NOTHING}", changes)


def _asked_by_staff(application: KycApplication) -> Refusal:
    """What our own staff ask for before they approve, and where to change it; reads what they asked."""
    asked = list(application.staff_requests.filter(answered_at=None))
    words = [line for request in asked for line in words_of(request.reasons, request.text)]
    keys = dict.fromkeys(key for request in asked for key in request.reasons)
    pages = dict.fromkeys(ASK_REASONS[key].page for key in keys if key in ASK_REASONS)
    changes = [
        Change(
            _url(page, application), "Add a paper" if page == "documents" else f"Change “{PAGES[page].title}”"
        )
        for page in pages
        if page and PAGES[page].applies_to(application)
    ]
    return Refusal(" ".join([*words, LOST_NOTHING]), changes)


def _answers(said: str, application: KycApplication) -> Iterator[tuple[str, str]]:
    """Page and name of each answer that the broker's words can be about."""
    names = [re.sub(r"[ .]", "_", name) for name in NAMED.findall(said)]
    about = next((step for step, words in ABOUT_OTHERS.items() if words.search(said)), "")
    for name in names:
        if name in ("trusted_contact", "minor_identity", "beneficiaries", "country") and len(set(names)) > 1:
            continue
        for step, what in ANSWERS[name]:
            if step == "trusted-contact" and not application.wants_trusted_contact:
                continue
            if about and step != about:
                continue
            if step == EMAIL and PAGES["account-email"].applies_to(application):
                continue
            if step == EMAIL or PAGES[step].applies_to(application):
                yield step, what


def _url(step: str, application: KycApplication) -> str:
    return reverse("account_email") if step == EMAIL else f"{url(application, 'apply_step', step)}?check"


def _why(said: str) -> str:
    for pattern, words in REASONS:
        if found := pattern.search(said):
            return f": {words.format(*found.groups())}"
    return ""


def _not_understood(reason: str) -> str:
    said = f" It said: “{reason.rstrip('.')}”." if reason else ""
    return (
        f"The broker did not accept your application.{said} Look through your answers for what that can be. "
        "If you cannot tell, contact support and give the reference."
    )
