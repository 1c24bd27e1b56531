"""Every KYC code of the reference and an invented one, at the sandbox: card, answer, the status after."""

from typing import Any

import pytest
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.services import sync_account
from onboarding.cards import Card
from onboarding.cases import KycAnswer, Word
from onboarding.forms.kyc import CardForm
from onboarding.kyc_results import REQUESTS
from onboarding.models import Document, KycApplication
from onboarding.services import applications, documents, kyc, queue
from sandbox.accounts.kyc import ANSWERS as SANDBOX_ANSWERS
from tests.factories import KycApplicationFactory
from tests.sandbox_process import SandboxProcess, eventually

pytestmark = pytest.mark.django_db

INVENTED = "A_CODE_OF_TOMORROW"
PDF = b"%PDF-1.7 a paper"
FIRM = {
    "company_name": "Initech",
    "company_street_address": "1 Main St",
    "company_city": "Austin",
    "company_country": "USA",
    "company_state": "TX",
    "company_compliance_email": "legal@initech.com",
}
TYPED: dict[str, dict[str, str]] = {
    "PEP": {
        "employment_position": "Mayor",
        "employer_name": "City of Austin",
        "employer_address": "301 W 2nd St, Austin",
    },
    "FAMILY_MEMBER_PEP": {
        "IMMEDIATE_FAMILY_EXPOSED-given_name": "Ann",
        "IMMEDIATE_FAMILY_EXPOSED-family_name": "Lee",
    },
    "CONTROL_PERSON": {f"CONTROLLED_FIRM-{name}": value for name, value in FIRM.items()},
    "AFFILIATED": {f"AFFILIATE_FIRM-{name}": value for name, value in FIRM.items()},
    "VISA_TYPE_OTHER": {
        "visa_type": "H1B",
        "visa_expiration_date_month": "3",
        "visa_expiration_date_day": "31",
        "visa_expiration_date_year": str(timezone.localdate().year + 2),
    },
    "OTHER": {"words": "My name changed when I married."},
    INVENTED: {"words": "I do not know what that is."},
}
"""What a person types on the cards that have fields."""
OF_THE_VENDOR = """
IDENTITY_VERIFICATION TAX_IDENTIFICATION ADDRESS_VERIFICATION DATE_OF_BIRTH INVALID_IDENTITY_PASSPORT
SELFIE_VERIFICATION PEP FAMILY_MEMBER_PEP CONTROL_PERSON AFFILIATED VISA_TYPE_OTHER W8BEN_CORRECTION
COUNTRY_NOT_SUPPORTED WATCHLIST_HIT OTHER OTHER_PARTNER
""".split()
"""docs.alpaca.markets, "Account", "KYC results"."""
FOR_STAFF = ["OTHER", INVENTED]
SETTLED_BY_THE_PERSON = [code for code, request in REQUESTS.items() if request.is_for_the_person]
SETTLED_BY_THE_BROKER = [code for code in REQUESTS if code not in SETTLED_BY_THE_PERSON]


@pytest.fixture
def application(sandbox: SandboxProcess) -> KycApplication:
    """One that the broker has an open account for."""
    made = KycApplicationFactory.create(user__email=f"kyc{timezone.now():%H%M%S%f}@example.com")
    applications.submit_application(application=made, by=made.user, now=timezone.now())
    made.refresh_from_db()
    applications.open_account(application=made, now=timezone.now())
    made.refresh_from_db()
    wait_for(made, "ACTIVE")
    return made


def waits_for(application: KycApplication) -> str | None:
    """What it waits for at our staff."""
    found = queue.waits_for(application, timezone.now())
    return found.kind if found else None


def account_of(application: KycApplication) -> BrokerageAccount:
    return BrokerageAccount.objects.get(application=application)


def wait_for(application: KycApplication, status: str) -> None:
    def is_there() -> bool:
        return sync_account(account=account_of(application)).status == status

    eventually(is_there, what=f"the account {status}")
    application.refresh_from_db()


def ask(sandbox: SandboxProcess, application: KycApplication, *codes: str, **members: Any) -> None:
    """The broker asks for this."""
    sandbox.set_account_status(
        str(account_of(application).broker_account_id),
        "ACTION_REQUIRED",
        kyc_results={"indeterminate": {code: {} for code in codes}},
        **members,
    )
    wait_for(application, "ACTION_REQUIRED")


def card_of(application: KycApplication, code: str) -> Card:
    fresh = KycApplication.objects.select_related("account").get(pk=application.pk)
    return next(card for card in kyc.cards(fresh) if card.code == code)


def fill_in(card: Card, application: KycApplication) -> CardForm:
    """The form as it comes back from the browser; the paper goes to the service in `answer`."""
    unbound = CardForm(card=card, application=application)
    data = {f"{unbound.prefix}-{name}": value for name, value in TYPED.get(card.code, {}).items()}
    form = CardForm(data, card=card, application=application)
    form.fields.pop("file", None)
    form.fields.pop("paper", None)
    assert form.is_valid(), form.errors
    return form


def answer(application: KycApplication, code: str) -> None:
    """What the person does on one card, and what the workers do then."""
    card = card_of(application, code)
    assert card.state.is_to_do
    form = fill_in(card, application)
    papers = card.request.papers if not card.request.asks else ()
    reply = kyc.Reply(
        form.answers(), form.words(), papers[0] if papers else None, "application/pdf", PDF + code.encode()
    )
    kyc.answer_card(application=application, code=code, reply=reply, by=application.user, now=timezone.now())
    work(application)


def work(application: KycApplication) -> None:
    """What the workers do."""
    now = timezone.now()
    for row in KycAnswer.objects.filter(application=application):
        kyc.send_answer(answer=row, now=now)
    for document in Document.objects.filter(application=application):
        documents.send_document(document=document, now=now)
    sync_account(account=account_of(application))


def test_every_code_of_the_vendor_and_no_other_is_walked_through() -> None:
    walked = [*SETTLED_BY_THE_PERSON, *SETTLED_BY_THE_BROKER, *FOR_STAFF, "OTHER_PARTNER"]
    assert sorted(walked) == sorted([*OF_THE_VENDOR, INVENTED])
    # The sandbox takes any paper for what is only said in words, and has no rule for what it never heard of.
    assert set(SANDBOX_ANSWERS) == set(OF_THE_VENDOR) - {"OTHER", "OTHER_PARTNER"}


@pytest.mark.parametrize("code", SETTLED_BY_THE_PERSON)
def test_code_is_settled_by_what_its_card_asks_for(
    sandbox: SandboxProcess, application: KycApplication, code: str
) -> None:
    ask(sandbox, application, code)

    answer(application, code)

    assert account_of(application).status in ("SUBMITTED", "APPROVED", "ACTIVE")
    wait_for(application, "ACTIVE")


@pytest.mark.parametrize("code", SETTLED_BY_THE_BROKER)
def test_code_without_anything_to_do_has_no_form_and_waits_for_the_broker(
    sandbox: SandboxProcess, application: KycApplication, code: str
) -> None:
    ask(sandbox, application, code)
    card = card_of(application, code)
    assert not card.state.is_to_do
    with pytest.raises(kyc.NotAsked):
        kyc.answer_card(
            application=application,
            code=code,
            reply=kyc.Reply({}),
            by=application.user,
            now=timezone.now(),
        )
    body = {"account_id": str(account_of(application).broker_account_id)}
    sandbox.request("POST", "/_sandbox/scenarios/kyc_approve", json=body).raise_for_status()
    wait_for(application, "ACTIVE")


@pytest.mark.parametrize("code", FOR_STAFF)
def test_code_that_we_do_not_know_goes_to_staff_with_what_the_person_wrote(
    sandbox: SandboxProcess, application: KycApplication, code: str
) -> None:
    ask(sandbox, application, code)
    assert waits_for(application) == queue.WaitsFor.CODE

    answer(application, code)

    assert Word.objects.get(application=application).text == TYPED[code]["words"]
    assert waits_for(application) == queue.WaitsFor.WORDS
    assert account_of(application).status == "ACTION_REQUIRED"
    assert card_of(application, code).state.words == "With our staff"


def test_code_for_the_partner_is_for_staff_and_not_for_the_person(
    sandbox: SandboxProcess, application: KycApplication
) -> None:
    ask(sandbox, application, "OTHER_PARTNER")
    fresh = KycApplication.objects.select_related("account").get(pk=application.pk)
    assert kyc.cards(fresh) == []
    assert waits_for(application) == queue.WaitsFor.CODE


def test_body_that_reached_the_sandbox_is_what_was_typed(
    sandbox: SandboxProcess, application: KycApplication
) -> None:
    ask(sandbox, application, "CONTROL_PERSON", "FAMILY_MEMBER_PEP", "PEP")
    for code in ("CONTROL_PERSON", "FAMILY_MEMBER_PEP", "PEP"):
        answer(application, code)

    made = sandbox.get(f"/v1/accounts/{account_of(application).broker_account_id}")["disclosures"]
    assert made["context"] == [
        {"context_type": "CONTROLLED_FIRM", **FIRM},
        {"context_type": "IMMEDIATE_FAMILY_EXPOSED", "given_name": "Ann", "family_name": "Lee"},
    ]
    assert {name: made[name] for name in TYPED["PEP"]} == TYPED["PEP"]
    application.refresh_from_db()
    assert application.disclosure_context == made["context"]
    assert application.employment_position == "Mayor"
    wait_for(application, "ACTIVE")


def test_answers_that_the_broker_does_not_ask_for_any_more_are_not_kept(
    sandbox: SandboxProcess, application: KycApplication
) -> None:
    with pytest.raises(kyc.NotAsked):
        kyc.answer_card(
            application=application,
            code="PEP",
            reply=kyc.Reply(TYPED["PEP"]),
            by=application.user,
            now=timezone.now(),
        )
    assert not KycAnswer.objects.exists()
