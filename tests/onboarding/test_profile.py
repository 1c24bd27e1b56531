"""Changes of a profile: what a form takes for a change, what is sent of it, and what becomes of it."""

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.broker.alpaca.models import Details
from brokerapp.ui.links import account_url
from onboarding import payloads
from onboarding.agreements import AgreementRevised, text_of
from onboarding.forms.profile import FORMS, ProfileForm
from onboarding.models import Agreement, Document, KycApplication, ProfileChange, TaxForm
from onboarding.profile import PARTS, due_papers, parts_for
from onboarding.services import profile
from onboarding.statuses import ProfileChangeStatus
from tests.account_pages import AccountClient, short
from tests.broker_stub import REQUEST_ID, BrokerStub
from tests.brokerapp.security.uploads.samples import passport
from tests.factories import IP_ADDRESS, BrokerageAccountFactory, KycApplicationFactory, account_reply
from tests.onboarding import abroad
from tests.sandbox.in_process import InProcess

NOW = datetime(2026, 3, 2, 16, 0, tzinfo=UTC)
MOVED = {
    "street_address": "11 Wall St",
    "unit": "",
    "city": "New York",
    "state": "NY",
    "postal_code": "10005",
}
ON_A_VISA = {
    "country_of_citizenship": "IND",
    "permanent_resident": False,
    "country_of_tax_residence": "USA",
    "visa_type": "H1B",
    "visa_expiration_date": "2027-01-31",
}
WORK = {
    "employment_status": "EMPLOYED",
    "employer_name": "Engines",
    "employer_address": "1 Way",
    "employment_position": "Programmer",
    "funding_source": ["savings"],
}


def person(**answers: Any) -> KycApplication:
    application: KycApplication = KycApplicationFactory.build(user=None, email_address="ada@example.com")
    application.keep_answers(answers)
    return application


def form(
    key: str, typed: dict[str, Any], application: KycApplication | None = None, **more: Any
) -> ProfileForm:
    return FORMS[key](typed, application=application or person(), **more)


def test_changes_are_what_is_no_longer_as_it_was() -> None:
    moved = form("address", MOVED)
    assert moved.is_valid(), moved.errors
    assert moved.changes() == {name: value for name, value in MOVED.items() if value}
    same = {
        **MOVED,
        "street_address": "20 N San Mateo Dr",
        "city": "San Mateo",
        "state": "CA",
        "postal_code": "94401",
    }
    stays = form("address", same)
    assert stays.is_valid()
    assert stays.changes() == {}


def test_changes_of_an_answer_that_is_taken_out() -> None:
    left_out = form("address", MOVED, person(unit="Apt 1"))
    assert left_out.is_valid()
    assert left_out.changes()["unit"] is None


def test_form_of_finances_keeps_what_was_answered_once() -> None:
    rich = person(annual_income="50000-100000")
    assert set(form("finances", {"annual_income": ""}, rich).errors) == {"annual_income"}
    assert form("finances", {"annual_income": "25000-50000"}, rich).is_valid()


def test_form_of_the_name_wants_a_paper() -> None:
    typed = {"given_name": "Ada", "family_name": "King"}
    assert set(form("name", typed).errors) == {"file"}
    files = {"file": SimpleUploadedFile("passport.pdf", passport())}
    with_paper = FORMS["name"](typed, files, application=person())  # type: ignore[arg-type]
    assert with_paper.is_valid(), with_paper.errors
    assert with_paper.changes() == {"family_name": "King"}


def test_form_of_the_trusted_contact_cannot_take_one_away() -> None:
    friend = {
        "wants_trusted_contact": True,
        "trusted_given_name": "Sam",
        "trusted_family_name": "Friend",
        "trusted_email_address": "sam@example.com",
    }
    assert set(form("trusted-contact", {"wants_trusted_contact": "False"}, person(**friend)).errors) == {
        "wants_trusted_contact"
    }


@pytest.mark.parametrize(
    ("key", "yes"),
    [
        ("margin", {"wants_margin": "True", "wants_shorting": "False"}),
        ("crypto", {"wants_crypto": "True"}),
        ("options", {"options_level": "2"}),
    ],
)
def test_form_of_a_preference_is_signed_for_and_never_ticked_before(key: str, yes: dict[str, str]) -> None:
    empty = FORMS[key](application=KycApplication())
    assert "checked" not in empty.as_p()
    assert set(form(key, yes).errors) == {"agreed"}
    unseen = form(key, {**yes, "agreed": "on"})
    assert "is now at revision" in unseen.errors["agreed"][0]
    application = person()
    shown = FORMS[key](application=application).initial["shown"]
    signed = form(key, {**yes, "agreed": "on", "shown": shown}, application)
    assert signed.is_valid(), signed.errors
    assert signed.agreed_to() == text_of(PARTS[key].agreement)
    again = form(key, yes, signed={PARTS[key].agreement})
    assert again.is_valid(), again.errors
    assert again.agreed_to() is None


def test_form_of_disclosures_asks_for_the_details_of_each_yes_and_of_no_other() -> None:
    no = dict.fromkeys(
        (
            "is_control_person",
            "is_affiliated_exchange_or_finra",
            "is_politically_exposed",
            "immediate_family_exposed",
        ),
        "False",
    )
    firm = {
        "CONTROLLED_FIRM-company_name": "Initech",
        "CONTROLLED_FIRM-company_street_address": "1 Main St",
        "CONTROLLED_FIRM-company_city": "Austin",
        "CONTROLLED_FIRM-company_country": "USA",
        "CONTROLLED_FIRM-company_compliance_email": "legal@initech.com",
    }
    assert form("disclosures", no).is_valid()
    assert form("disclosures", no).fields["CONTROLLED_FIRM-company_name"].required is False
    bare = form("disclosures", no | {"is_control_person": "True"})
    assert set(bare.errors) == set(firm)
    stateless = form("disclosures", no | {"is_control_person": "True"} | firm)
    assert set(stateless.errors) == {"CONTROLLED_FIRM-company_state"}
    whole = form(
        "disclosures", no | {"is_control_person": "True"} | firm | {"CONTROLLED_FIRM-company_state": "TX"}
    )
    assert whole.is_valid(), whole.errors
    entry = {name.partition("-")[2]: value for name, value in firm.items()}
    assert whole.changes() == {
        "is_control_person": True,
        "disclosure_context": [{"context_type": "CONTROLLED_FIRM", **entry, "company_state": "TX"}],
    }
    unasked = form("disclosures", no | {"CONTROLLED_FIRM-company_compliance_email": "not one"})
    assert unasked.is_valid(), unasked.errors
    assert unasked.changes() == {}


def test_disclosure_that_is_over_takes_its_details_back() -> None:
    family = [{"context_type": "IMMEDIATE_FAMILY_EXPOSED", "given_name": "Ann", "family_name": "Lee"}]
    exposed = person(immediate_family_exposed=True, disclosure_context=family)
    typed = {
        **dict.fromkeys(
            ("is_control_person", "is_affiliated_exchange_or_finra", "is_politically_exposed"), "False"
        ),
        "immediate_family_exposed": "False",
    }
    over = form("disclosures", typed, exposed)
    assert over.is_valid(), over.errors
    assert over.changes() == {"immediate_family_exposed": False, "disclosure_context": None}
    assert body("disclosures", over.changes(), exposed) == {
        "disclosures": {"immediate_family_exposed": False, "context": []}
    }


def test_parts_for_cash_only_kinds_have_no_trading_preferences() -> None:
    trading, ira = ({part.key for part in parts_for(kind, person())} for kind in ("trading", "ira"))
    assert trading - ira == {"margin", "options", "crypto"}


def test_parts_for_somebody_taxed_abroad_and_on_a_visa() -> None:
    assert "paper" in {part.key for part in parts_for("trading", abroad.complete())}
    assert "visa" in {part.key for part in parts_for("trading", person(**ON_A_VISA))}
    assert not {"visa", "paper"} & {part.key for part in parts_for("trading", person())}


@pytest.mark.parametrize(
    ("today", "due"), [(date(2026, 12, 1), []), (date(2027, 1, 2), ["visa"]), (date(2027, 3, 1), ["visa"])]
)
def test_due_papers_of_a_visa_that_ends(today: date, due: list[str]) -> None:
    found = due_papers(person(**ON_A_VISA), today)
    assert [part.key for part, _ in found] == due
    assert [text for _, text in found] == ["January 31, 2027"] * len(due)


def test_due_papers_of_a_passport_that_ends() -> None:
    holder = abroad.complete(identity_paper_expires="2027-01-31")
    assert [part.key for part, _ in due_papers(holder, date(2027, 1, 2))] == ["paper"]
    assert due_papers(abroad.complete(), date(2027, 1, 2)) == []


def body(key: str, answers: dict[str, Any], application: KycApplication | None = None) -> dict[str, Any]:
    application = application or person()
    change = ProfileChange(part=key, answers=answers)
    application.keep_answers(answers)
    return payloads.profile_body(change, application, PARTS[key].page.questions)


@pytest.mark.parametrize(
    ("key", "answers", "sent"),
    [
        ("phone", {"phone_number": "+12125550199"}, {"contact": {"phone_number": "+12125550199"}}),
        (
            "address",
            {"street_address": "11 Wall St", "unit": None},
            {"contact": {"street_address": ["11 Wall St"], "unit": ""}},
        ),
        ("name", {"family_name": "King"}, {"identity": {"family_name": "King"}}),
        (
            "name",
            {"given_name": None, "has_one_name": True},
            {"identity": {"given_name": "FNU"}},
        ),
        (
            "work",
            {"employment_status": "RETIRED", "employer_name": None},
            {"disclosures": {"employment_status": "retired", "employer_name": ""}},
        ),
        (
            "finances",
            {"annual_income": "50000-100000"},
            {"identity": {"annual_income_min": "50000", "annual_income_max": "100000"}},
        ),
        ("investing", {"risk_tolerance": "moderate"}, {"risk_tolerance": "moderate"}),
        (
            "margin",
            {"wants_margin": True, "wants_shorting": False},
            {"configuration": {"max_margin_multiplier": "2", "no_shorting": True}},
        ),
        (
            "margin",
            {"wants_margin": False, "wants_shorting": None},
            {"configuration": {"max_margin_multiplier": "1", "no_shorting": True}},
        ),
        ("options", {"options_level": "2"}, {"options": {"level": 2}}),
        ("crypto", {"wants_crypto": True}, {"enabled_assets": ["us_equity", "crypto"]}),
    ],
)
def test_profile_body_has_what_changed_and_nothing_else(
    key: str, answers: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert body(key, answers) == sent


TYPED: dict[str, dict[str, Any]] = {
    "address": MOVED,
    "phone": {"phone_number": "(212) 555-0199"},
    "work": {**WORK, "employer_name": "Looms"},
    "disclosures": {
        **dict.fromkeys(("is_control_person", "is_affiliated_exchange_or_finra"), "False"),
        "is_politically_exposed": "True",
        "immediate_family_exposed": "True",
        "IMMEDIATE_FAMILY_EXPOSED-given_name": "Ann",
        "IMMEDIATE_FAMILY_EXPOSED-family_name": "Lee",
    },
    "finances": {"annual_income": "50000-100000", "number_of_dependents": "2"},
    "investing": {"risk_tolerance": "moderate", "investment_experience_with_stocks": "none"},
    "trusted-contact": {
        "wants_trusted_contact": "True",
        "trusted_given_name": "Sam",
        "trusted_family_name": "Friend",
        "trusted_phone_number": "(212) 555-0198",
    },
}


@pytest.mark.parametrize("key", sorted(TYPED))
def test_broker_takes_a_change_and_then_says_all_of_it(near_broker: InProcess, key: str) -> None:
    application = person()
    application.email_address = f"{key}@example.com"
    agreed = Agreement(agreement="customer_agreement", signed_at=NOW, ip_address=IP_ADDRESS)
    made = near_broker.request("POST", "/v1/accounts", payloads.account_request(application, [agreed]).body())
    typed = form(key, TYPED[key], application)
    assert typed.is_valid(), typed.errors
    sent = body(key, typed.changes(), application)
    path = f"/v1/accounts/{made.body['id']}"
    before = Details.from_reply(made.body, "")
    assert not all(before.says(*member) for member in profile.paths(sent))
    changed = near_broker.request("PATCH", path, sent)
    assert changed.status == 200, changed.body
    after = Details.from_reply(near_broker.request("GET", path).body, "")
    assert [member for member in profile.paths(sent) if not after.says(*member)] == []


@pytest.mark.parametrize(
    ("said", "value", "alike"),
    [
        ("RETIRED", "retired", True),
        (50000, "50000", True),
        ("50000.0", "50000", True),
        (None, "", True),
        ("", None, True),
        (False, False, True),
        (None, False, False),
        (True, "1", False),
        (["a"], ["a"], True),
        (["a", "b"], ["a"], False),
        (None, [], True),
        ([{"b": "2", "a": "1", "c": ""}], [{"a": "1", "b": 2}], True),
        ([{"a": "1"}], [{"a": "1", "b": "2"}], False),
        ("here", "there", False),
    ],
)
def test_details_says(said: Any, value: Any, alike: bool) -> None:
    assert Details(said={"identity": {"member": said}}).says("identity.member", value) is alike


# What becomes of it


@pytest.fixture
def account(db: None) -> BrokerageAccount:
    return BrokerageAccountFactory.create()


def ask(account: BrokerageAccount, key: str, answers: dict[str, Any], consent: Any = None) -> ProfileChange:
    return profile.request_change(
        account=account, part=PARTS[key], answers=answers, consent=consent, by=account.user, now=NOW
    )


def consent_to(key: str) -> profile.Consent:
    agreement = text_of(PARTS[key].agreement)
    return profile.Consent(agreement.key, agreement.revision, NOW, IP_ADDRESS)


def path_of(account: BrokerageAccount) -> str:
    return f"/v1/accounts/{account.broker_account_id}"


def configuration_of(account: BrokerageAccount) -> str:
    return f"/v1/trading/accounts/{account.broker_account_id}/account/configurations"


def reply(account: BrokerageAccount, **members: Any) -> dict[str, Any]:
    said: dict[str, Any] = account_reply(id=str(account.broker_account_id), **members).model_dump(mode="json")
    return said


def sent(broker: BrokerStub) -> list[dict[str, Any]]:
    return [json.loads(call.request.body or "{}") for call in broker.calls]


def test_send_change_twice_sends_once_and_the_account_goes_into_review(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    change = ask(account, "work", {"employer_name": "Looms"})
    broker.on("PATCH", path_of(account), json=reply(account, status="ACCOUNT_UPDATED"))
    for row in (change, ProfileChange.objects.get(pk=change.pk)):
        profile.send_change(change=row, now=timezone.now())
    change.refresh_from_db()
    assert (change.status, change.last_request_id) == (ProfileChangeStatus.APPLIED, REQUEST_ID)
    assert sent(broker) == [{"disclosures": {"employer_name": "Looms"}}]
    account.refresh_from_db()
    assert account.status == AccountStatus.ACCOUNT_UPDATED
    assert profile.current(account).employer_name == "Looms"
    assert KycApplication.objects.get(account=account).employer_name == "Analytical Engines Inc"


def test_request_change_while_one_is_under_way_is_refused(account: BrokerageAccount) -> None:
    ask(account, "work", {"employer_name": "Looms"})
    with pytest.raises(profile.ChangeUnderWay):
        ask(account, "work", {"employer_name": "Wheels"})
    ask(account, "phone", {"phone_number": "+12125550199"})


def test_send_change_refused_keeps_the_brokers_words_and_the_former_answer(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    change = ask(account, "work", {"employer_name": "Looms"})
    error = {"code": 42210000, "message": "employer_name is invalid"}
    broker.on("PATCH", path_of(account), status=422, json=error)
    profile.send_change(change=change, now=timezone.now())
    change.refresh_from_db()
    assert (change.status, change.status_reason) == (ProfileChangeStatus.REFUSED, "employer_name is invalid")
    assert profile.current(account).employer_name == "Analytical Engines Inc"


@pytest.mark.parametrize(("employer", "ends"), [("Looms", "APPLIED"), ("Engines", "SUBMITTING")])
def test_settle_change_asks_what_the_broker_has(
    broker: BrokerStub, account: BrokerageAccount, employer: str, ends: str
) -> None:
    change = ask(account, "work", {"employer_name": "Looms"})
    broker.on("PATCH", path_of(account), status=500)
    profile.send_change(change=change, now=timezone.now())
    change.refresh_from_db()
    assert change.status == ProfileChangeStatus.UNKNOWN
    said = {**reply(account), "disclosures": {"employer_name": employer}}
    broker.on("GET", path_of(account), json=said)
    profile.settle_change(change=change, now=timezone.now())
    change.refresh_from_db()
    assert change.status == ends
    assert change.claimed_at is None or ends == "APPLIED"


def test_margin_is_signed_for_first_and_then_switched_on(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    answers = {"wants_margin": True, "wants_shorting": False}
    change = ask(account, "margin", answers, consent_to("margin"))
    profile.send_change(change=change, now=timezone.now())
    assert len(broker.calls) == 0  # not before it is signed for
    assert change.follows is not None
    broker.on("PATCH", path_of(account), json=reply(account))
    broker.on("PATCH", configuration_of(account), json={})
    profile.send_change(change=change.follows, now=timezone.now())
    profile.send_change(change=ProfileChange.objects.get(pk=change.pk), now=timezone.now())
    agreed, configured = sent(broker)
    assert [(row["agreement"], row["ip_address"]) for row in agreed["agreements"]] == [
        ("margin_agreement", IP_ADDRESS)
    ]
    assert configured == {"max_margin_multiplier": "2", "no_shorting": True}
    assert "margin_agreement" in profile.signed_agreements(account)
    assert profile.current(account).answer("wants_margin") is True


def test_margin_is_not_switched_on_where_the_signature_is_refused(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    change = ask(account, "margin", {"wants_margin": True, "wants_shorting": False}, consent_to("margin"))
    broker.on(
        "PATCH", path_of(account), status=422, json={"code": 42210000, "message": "revision is invalid"}
    )
    assert change.follows is not None
    profile.send_change(change=change.follows, now=timezone.now())
    change = profile.send_change(change=ProfileChange.objects.get(pk=change.pk), now=timezone.now())
    assert (change.status, change.status_reason) == (ProfileChangeStatus.REFUSED, "revision is invalid")
    assert len(broker.calls) == 1


def test_settle_change_of_the_configuration_and_of_options(
    broker: BrokerStub, account: BrokerageAccount
) -> None:
    off = ask(account, "margin", {"wants_margin": False, "wants_shorting": None})
    level = ask(account, "options", {"options_level": "2"})
    ProfileChange.objects.update(status=ProfileChangeStatus.UNKNOWN, claimed_at=NOW)
    broker.on("GET", configuration_of(account), json={"max_margin_multiplier": "1", "no_shorting": True})
    asked = {"id": str(off.pk), "requested_level": 2, "created_at": (NOW + timedelta(seconds=1)).isoformat()}
    broker.on("GET", "/v1/accounts/options/approvals", json={"options_approvals": [asked]})
    for change in (off, level):
        change.refresh_from_db()
        profile.settle_change(change=change, now=timezone.now())
        change.refresh_from_db()
        assert change.status == ProfileChangeStatus.APPLIED


def test_request_change_with_a_revision_that_is_no_longer_shown_is_refused(account: BrokerageAccount) -> None:
    old = profile.Consent("margin_agreement", "01.2001.01", NOW, IP_ADDRESS)
    with pytest.raises(AgreementRevised):
        ask(account, "margin", {"wants_margin": True}, old)
    assert not ProfileChange.objects.exists()


def test_agreement_that_was_refused_is_asked_for_again(broker: BrokerStub, account: BrokerageAccount) -> None:
    change = ask(account, "crypto", {"wants_crypto": True}, consent_to("crypto"))
    broker.on("PATCH", path_of(account), status=422, json={"code": 42210000, "message": "no"})
    assert change.follows is not None
    profile.send_change(change=change.follows, now=timezone.now())
    assert "crypto_agreement" not in profile.signed_agreements(account)


@pytest.mark.django_db
def test_change_that_is_a_paper_alone_needs_no_call(broker: BrokerStub) -> None:
    account = abroad.create_account()
    change = ask(account, "paper", {"identity_paper_expires": "2031-01-31"})
    profile.send_change(change=change, now=timezone.now())
    assert ProfileChange.objects.get().status == ProfileChangeStatus.APPLIED
    assert len(broker.calls) == 0
    assert profile.current(account).answer("identity_paper_expires") == "2031-01-31"


@pytest.mark.django_db
def test_change_of_what_stands_on_the_w8ben_makes_a_new_one_due(broker: BrokerStub) -> None:
    account = abroad.create_account()
    change = ask(account, "address", {"city": "Santos"})
    broker.on("PATCH", path_of(account), json=reply(account))
    profile.send_change(change=change, now=timezone.now())
    form = TaxForm.objects.get(application__account=account)
    assert (form.status, form.status_reason) == ("DUE", "What it says has changed.")


# Pages


def test_profile_page_shows_each_part_with_a_way_to_change_it(account: BrokerageAccount) -> None:
    page = AccountClient(account).get("/profile/").content.decode()
    for part in parts_for("trading", person()):
        assert account_url(account, "change_profile", part.key) in page
    assert "20 N San Mateo Dr" in page
    assert "124554321" not in page
    assert "W-8BEN" not in page


def test_profile_page_says_what_is_under_way_and_what_was_refused(account: BrokerageAccount) -> None:
    ask(account, "work", {"employer_name": "Looms"})
    refused = ask(account, "phone", {"phone_number": "+12125550199"})
    ProfileChange.objects.filter(pk=refused.pk).update(status="REFUSED", status_reason="phone is invalid")
    page = AccountClient(account).get("/profile/").content.decode()
    assert "Being sent" in page
    assert account_url(account, "change_profile", "work") not in page
    assert "data-live-url" in page
    assert "phone is invalid" in page


def test_profile_page_query_count_does_not_depend_on_the_changes(
    account: BrokerageAccount, django_assert_num_queries: Any
) -> None:
    client = AccountClient(account)
    client.get("/profile/")
    with django_assert_num_queries(9):
        client.get("/profile/")
    for key in ("work", "finances", "investing"):
        ask(account, key, {})
    ProfileChange.objects.update(status="APPLIED")
    with django_assert_num_queries(9):
        client.get("/profile/")


@pytest.mark.parametrize(
    ("key", "asks"), [("address", True), ("name", True), ("margin", True), ("work", False)]
)
def test_change_page_asks_who_it_is_for_what_tells_who_somebody_is(
    account: BrokerageAccount, key: str, asks: bool
) -> None:
    client = Client()
    client.force_login(account.user)
    answer = client.get(account_url(account, "change_profile", key))
    assert ("reauthenticate" in answer.headers.get("Location", "")) is asks


def test_change_page_says_the_effect_and_writes_the_change_down(account: BrokerageAccount) -> None:
    client = AccountClient(account)
    address = short("change_profile", "address")
    assert "no money can leave the account" in client.get(address).content.decode()
    assert client.post(address, MOVED).url == account_url(account, "profile")
    change = ProfileChange.objects.get()
    assert (change.part, change.answers["city"], change.status) == ("address", "New York", "SUBMITTING")
    client.post(address, {**MOVED, "city": "Albany", "postal_code": "12207"})
    assert ProfileChange.objects.count() == 1


def test_change_page_of_the_name_sends_the_paper_too(account: BrokerageAccount) -> None:
    typed = {"given_name": "Ada", "family_name": "King", "file": SimpleUploadedFile("new.pdf", passport())}
    AccountClient(account).post(short("change_profile", "name"), typed)
    assert ProfileChange.objects.get().answers == {"family_name": "King"}
    assert Document.objects.get().document_type == "identity_verification"


def test_change_page_with_nothing_changed_sends_nothing(account: BrokerageAccount) -> None:
    same = {
        **WORK,
        "employer_name": "Analytical Engines Inc",
        "employer_address": "1 Engine Way, San Mateo, CA",
        "funding_source": ["employment_income"],
    }
    page = AccountClient(account).post(short("change_profile", "work"), same, follow=True)
    assert "Nothing was changed" in page.content.decode()
    assert not ProfileChange.objects.exists()


@pytest.mark.django_db
def test_change_page_of_an_account_that_is_not_open_changes_nothing() -> None:
    account = BrokerageAccountFactory.create(status="SUBMITTED")
    client = AccountClient(account)
    assert client.post(short("change_profile", "work"), WORK).url == account_url(account, "profile")
    assert not ProfileChange.objects.exists()


@pytest.mark.django_db
def test_change_page_of_a_part_that_the_kind_of_account_has_not_is_not_there() -> None:
    account = BrokerageAccountFactory.create(account_type="ira")
    assert AccountClient(account).get(short("change_profile", "margin")).status_code == 404


@pytest.mark.django_db
def test_sign_tax_form_again_shows_what_it_says_and_sends_it() -> None:
    account = abroad.create_account()
    client = AccountClient(account)
    address = short("sign_tax_form")
    page = client.get(address)
    assert "Rua Augusta 1000, Apto 12" in page.content.decode()
    shown = page.context["form"].initial["shown"]
    signed = {"mail_goes_elsewhere": "False", "certified": "on", "signature": "Ana Souza", "shown": shown}
    assert client.post(address, signed).url == account_url(account, "profile")
    statuses = TaxForm.objects.order_by("signed_at").values_list("status", flat=True)
    assert list(statuses) == ["SENT", "STORED"]


@pytest.mark.django_db
def test_sign_tax_form_asks_for_a_number_that_was_forgotten() -> None:
    account = abroad.create_account()
    KycApplication.objects.filter(account=account).update(foreign_tax_id="")
    client = AccountClient(account)
    address = short("sign_tax_form")
    shown = client.get(address).context["form"].initial["shown"]
    signed = {"mail_goes_elsewhere": "False", "certified": "on", "signature": "Ana Souza", "shown": shown}
    assert "Enter the number." in client.post(address, signed).content.decode()
    client.post(address, {**signed, "foreign_tax_id": "390.533.447-05"})
    newest = TaxForm.objects.order_by("-signed_at")[0]
    assert newest.content["foreign_tax_id"] == "39053344705"


@pytest.mark.django_db
def test_agreement_pdf(client: Client) -> None:
    file = client.get(reverse("agreement_pdf", args=["margin_agreement"]))
    assert file.headers["Content-Type"] == "application/pdf"
    assert 'filename="margin_agreement-22.2024.08.pdf"' in file.headers["Content-Disposition"]
    assert file.content.startswith(b"%PDF-")
    assert client.get(reverse("agreement_pdf", args=["other"])).status_code == 404
