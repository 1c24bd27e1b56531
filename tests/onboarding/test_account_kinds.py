"""One more account of the same person, IRAs and accounts for a child: asked, sent and told apart."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.services import sync_account
from onboarding import addresses, payloads, steps
from onboarding.agreements import AGREEMENTS, asked_for, revisions_of
from onboarding.forms import FORMS
from onboarding.kinds import AccountKind
from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.refusals import read_refusal
from onboarding.services import applications, kinds, retention
from onboarding.statuses import ApplicationStatus
from tests.factories import BrokerageAccountFactory, KycApplicationFactory, UserFactory
from tests.journeys import open_account_at
from tests.sandbox_process import SandboxProcess

pytestmark = pytest.mark.django_db

IP_ADDRESS = "203.0.113.7"
SAM = {
    "1-given_name": "Sam",
    "1-middle_name": "",
    "1-family_name": "Friend",
    "1-date_of_birth_month": "5",
    "1-date_of_birth_day": "1",
    "1-date_of_birth_year": "1990",
    "1-relationship": "friend",
    "1-type": "primary",
    "1-share_pct": "100",
}
CHILD = {
    "minor_given_name": "Tim",
    "minor_family_name": "Byron",
    "minor_date_of_birth_month": "3",
    "minor_date_of_birth_day": "31",
    "minor_date_of_birth_year": str(timezone.localdate().year - 8),
    "minor_tax_id": "124-55-4322",
    "minor_email": "tim@example.com",
    "minor_country_of_citizenship": "USA",
    "minor_country_of_birth": "CAN",
    "minor_state": "NY",
}
IRA_PAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("retirement", {"account_sub_type": "roth"}),
    ("beneficiaries", {"number_of_beneficiaries": "1", "spouse_agrees": "True"}),
    ("beneficiary-details", SAM),
)
CHILD_PAGES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("custody", {"knows_it_is_a_gift": "True"}),
    ("child", CHILD),
    ("account-email", {"account_email": "ada+tim@example.com"}),
)


@pytest.fixture
def account() -> BrokerageAccount:
    """The first account of a person."""
    return BrokerageAccountFactory.create()


@pytest.fixture
def person(account: BrokerageAccount, client: Client) -> Client:
    client.force_login(account.user)
    return client


def begin(user: User, kind: AccountKind) -> KycApplication:
    return kinds.start_application(user=user, kind=kind)


def fill_in(client: Client, application: KycApplication, pages: Any) -> KycApplication:
    """Answer pages as a browser does, and sign."""
    for key, typed in pages:
        reply = client.post(addresses.url(application, "apply_step", key), typed)
        assert reply.status_code == 302, (key, reply.context["form"].errors)
    applications.sign_agreements(
        application=application,
        signed=revisions_of(*(text.key for text in asked_for(application.account_kind) if text.required)),
        ip_address=IP_ADDRESS,
        now=timezone.now(),
    )
    application.refresh_from_db()
    return application


def send(application: KycApplication) -> KycApplication:
    applications.submit_application(application=application, by=application.user, now=timezone.now())
    application.refresh_from_db()
    applications.open_account(application=application, now=timezone.now())
    application.refresh_from_db()
    assert application.status == ApplicationStatus.SUBMITTED, application.status_reason
    return application


def missing(application: KycApplication) -> list[str]:
    return [page.key for page in steps.incomplete_steps(application)]


def body(application: KycApplication) -> dict[str, Any]:
    return payloads.account_request(application, list(application.agreements.all())).body()


def test_start_application_asks_only_what_is_new(account: BrokerageAccount) -> None:
    ira = begin(account.user, AccountKind.IRA)
    assert missing(ira) == ["retirement", "beneficiaries", "agreements"]
    assert ira.holder_id == account.broker_account_id
    shown = {page.key for page in steps.steps_for(ira)}
    assert not shown & {"name", "contact", "eligibility", "tax-id", "documents", "finances"}
    assert (ira.tax_id, ira.tax_id_last4) == ("", "")
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert missing(child) == ["custody", "child", "account-email", "agreements"]
    assert (child.given_name, child.tax_id) == ("Ada", "124554321")


def test_start_application_asks_again_what_was_forgotten(account: BrokerageAccount) -> None:
    retention.drop_tax_ids(now=timezone.now() + timedelta(days=10_000))
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert "tax-id" in missing(child)
    form = FORMS["tax-id"]({"tax_id": ""}, application=child)
    assert "tax_id" in form.errors


def test_start_application_asks_again_what_no_longer_holds(account: BrokerageAccount) -> None:
    application = account.application
    visa = {
        "permanent_resident": False,
        "country_of_citizenship": "IND",
        "country_of_tax_residence": "USA",
        "visa_type": "H1B",
        "visa_expiration_date": "2020-03-31",
    }
    application.keep_answers(visa)
    application.save()
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert "visa" in missing(child)
    assert child.answer("visa_type") == "H1B"


def test_start_application_takes_over_what_the_profile_says_now(account: BrokerageAccount) -> None:
    ends = timezone.localdate() + timedelta(days=400)
    visa = {"visa_type": "H1B", "visa_expiration_date": ends.isoformat()}
    account.application.keep_answers(
        {
            "local_name_answered": True,
            "permanent_resident": False,
            "country_of_citizenship": "IND",
            "country_of_tax_residence": "USA",
            "visa_type": "F1",
            "visa_expiration_date": "2020-03-31",
        }
    )
    account.application.save()
    for part, answers, status in (
        ("phone", {"phone_number": "+12125550199"}, "APPLIED"),
        ("visa", visa, "APPLIED"),
        ("work", {"employer_name": "Looms"}, "REFUSED"),
    ):
        account.profile_changes.create(user=account.user, part=part, answers=answers, status=status)
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert missing(child) == ["custody", "child", "account-email", "agreements"]
    sent = body(child)
    assert sent["contact"]["phone_number"] == "+12125550199"
    assert (sent["identity"]["visa_type"], sent["identity"]["visa_expiration_date"]) == tuple(visa.values())
    assert sent["disclosures"]["employer_name"] == "Analytical Engines Inc"


def test_start_application_of_somebody_with_an_account_for_a_child_only(account: BrokerageAccount) -> None:
    KycApplication.objects.filter(account=account).update(account_kind="custodial")
    ira = begin(account.user, AccountKind.IRA)
    assert ira.holder_id is None
    assert "account-email" in missing(ira)


def test_start_application_twice_finds_the_one_that_was_begun(account: BrokerageAccount) -> None:
    first = begin(account.user, AccountKind.IRA)
    assert begin(account.user, AccountKind.IRA) == first
    assert begin(account.user, AccountKind.CUSTODIAL) != first


def test_start_application_before_the_first_account_is_open() -> None:
    waiting = BrokerageAccountFactory.create(status="SUBMITTED")
    with pytest.raises(kinds.FirstNotOpen):
        begin(waiting.user, AccountKind.IRA)
    nobody = begin(UserFactory.create(), AccountKind.IRA)
    assert nobody.holder_id is None
    assert {"eligibility", "name", "tax-id", "retirement"} <= set(missing(nobody))


def test_start_application_of_what_the_person_has(account: BrokerageAccount) -> None:
    with pytest.raises(kinds.HasItAlready):
        begin(account.user, AccountKind.INDIVIDUAL)
    for kind in ("roth", "traditional"):
        ira = begin(account.user, AccountKind.IRA)
        form = FORMS["retirement"]({"account_sub_type": "roth"}, application=ira)
        assert form.is_valid() is (kind == "roth")
        KycApplication.objects.filter(pk=ira.pk).update(status="SUBMITTED", submitted_at=timezone.now())
        ira.keep_answers({"account_sub_type": kind})
        ira.save(update_fields=["answers"])
    with pytest.raises(kinds.HasItAlready):
        begin(account.user, AccountKind.IRA)


def test_start_application_of_somebody_abroad(account: BrokerageAccount) -> None:
    application = account.application
    application.keep_answers({"country_of_residence": "FRA"})
    application.save()
    with pytest.raises(kinds.NotTaxedHere):
        begin(account.user, AccountKind.IRA)


@pytest.mark.parametrize("kind", [AccountKind.IRA, AccountKind.CUSTODIAL])
@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"country_of_residence": "FRA"}, "country_of_residence"),
        (
            {
                "country_of_residence": "BRA",
                "country_of_citizenship": "BRA",
                "permanent_resident": "False",
                "country_of_tax_residence": "BRA",
            },
            "country_of_residence",
        ),
    ],
)
def test_first_application_of_somebody_abroad_is_refused_where_they_say_so(
    kind: AccountKind, change: dict[str, str], field: str
) -> None:
    application = begin(UserFactory.create(), kind)
    typed = {
        "country_of_residence": "USA",
        "date_of_birth_month": "3",
        "date_of_birth_day": "31",
        "date_of_birth_year": "1985",
        "country_of_citizenship": "USA",
    }
    assert FORMS["eligibility"](typed, application=application).is_valid()
    form = FORMS["eligibility"](typed | change, application=application)
    assert "only for people who live and pay tax in the United States" in str(form.errors[field])
    known = {"permanent_resident": False, "date_of_birth": date(1985, 3, 31)}
    application.keep_answers(typed | change | known)
    assert "eligibility" in missing(application)
    application.account_kind = AccountKind.INDIVIDUAL
    assert FORMS["eligibility"](typed | change, application=application).is_valid()
    assert "eligibility" not in missing(application)


def test_start_application_asks_of_another_citizenship_once(account: BrokerageAccount) -> None:
    account.application.keep_answers({"other_citizenship": "DEU"})
    account.application.save()
    ira = begin(account.user, AccountKind.IRA)
    assert ira.answer("other_citizenship") == "DEU"
    assert "eligibility" not in {page.key for page in steps.steps_for(ira)}
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert "eligibility" in {page.key for page in steps.steps_for(child)}
    assert "eligibility" not in missing(child)


def test_start_application_takes_over_no_signature_and_no_paper(account: BrokerageAccount) -> None:
    signed = {"w8ben_signed": "digest", "identity_paper": "passport", "identity_paper_expires": "2031-03-31"}
    account.application.keep_answers(signed)
    account.application.save()
    child = begin(account.user, AccountKind.CUSTODIAL)
    assert [child.answer(name) for name in signed] == [None, None, None]


def test_pages_of_several_applications_are_told_apart(person: Client, account: BrokerageAccount) -> None:
    ira, child = begin(account.user, AccountKind.IRA), begin(account.user, AccountKind.CUSTODIAL)
    for application, key in ((ira, "retirement"), (child, "custody")):
        page = person.get(addresses.url(application, "apply")).content.decode()
        assert f'href="/apply/{key}/{application.pk}/"' in page
        assert f"/apply/check/{application.pk}/" not in page  # not complete
    person.post(addresses.url(ira, "apply_step", "retirement"), {"account_sub_type": "roth"})
    child.refresh_from_db()
    ira.refresh_from_db()
    assert (ira.answer("account_sub_type"), child.answer("account_sub_type")) == ("roth", None)
    # The address without an id is still the first application's.
    assert person.get(reverse("apply")).url == reverse("application_status")  # type: ignore[attr-defined]
    assert person.get(addresses.url(child, "apply_step", "retirement")).status_code == 302
    page = person.get(reverse("account_kinds")).content.decode()
    assert "Go on: Retirement account (IRA)" in page
    assert addresses.url(child, "apply") in page


@pytest.mark.parametrize("name", ["apply", "apply_check", "application_status"])
def test_application_of_another_person_is_not_there(client: Client, name: str) -> None:
    client.force_login(UserFactory.create())
    theirs = begin(BrokerageAccountFactory.create().user, AccountKind.IRA)
    for url in (addresses.url(theirs, name), addresses.url(theirs, "apply_step", "retirement")):
        assert client.get(url).status_code == 404
    assert client.post(addresses.url(theirs, "apply_check")).status_code == 404
    theirs.refresh_from_db()
    assert theirs.status == ApplicationStatus.DRAFT


def test_account_kinds_begins_and_refuses(person: Client, account: BrokerageAccount) -> None:
    reply = person.post(reverse("account_kinds"), {"kind_of_account": "ira"})
    ira = KycApplication.objects.get(account_kind="ira")
    assert reply.url == f"/apply/{ira.pk}/"  # type: ignore[attr-defined]
    for kind in ("individual", "joint", ""):
        answer = person.post(reverse("account_kinds"), {"kind_of_account": kind})
        assert answer.url == reverse("account_kinds")  # type: ignore[attr-defined]
    assert KycApplication.objects.filter(user=account.user).count() == 2


def test_ira_request_is_what_was_typed(person: Client, account: BrokerageAccount) -> None:
    ira = fill_in(person, begin(account.user, AccountKind.IRA), IRA_PAGES)
    assert missing(ira) == []
    sent = body(ira)
    signed = {agreement["agreement"]: agreement.get("revision") for agreement in sent.pop("agreements")}
    assert signed == {"customer_agreement": AGREEMENTS[0].revision, "etc_agreement": None}
    disclosures = sent.pop("disclosures")
    assert disclosures["employer_name"] == "Analytical Engines Inc"
    assert sent == {
        "account_type": "ira",
        "account_sub_type": "roth",
        "primary_account_holder_id": str(account.broker_account_id),
        "enabled_assets": ["us_equity"],
        "trading_configurations": {"max_margin_multiplier": "1", "no_shorting": True},
        "beneficiaries": [
            {
                "type": "primary",
                "given_name": "Sam",
                "middle_name": "",
                "family_name": "Friend",
                "date_of_birth": "1990-05-01",
                "relationship": "friend",
                "share_pct": "100",
                "tax_id_type": "NOT_SPECIFIED",
            }
        ],
    }


def test_ira_request_of_a_first_account_tells_who_it_is() -> None:
    application = KycApplicationFactory.create(
        account_kind="ira", answers={"country_of_residence": "USA", "account_sub_type": "traditional"}
    )
    sent = body(application)
    assert (sent["account_type"], sent["account_sub_type"]) == ("ira", "traditional")
    assert sent["identity"]["given_name"] == "Ada"
    assert sent["contact"]["email_address"] == application.email_address
    assert "primary_account_holder_id" not in sent


def test_custodial_request_is_what_was_typed(person: Client, account: BrokerageAccount) -> None:
    child = fill_in(person, begin(account.user, AccountKind.CUSTODIAL), CHILD_PAGES)
    assert missing(child) == []
    sent = body(child)
    assert sent["account_type"] == "custodial"
    assert sent["minor_identity"] == {
        "given_name": "Tim",
        "family_name": "Byron",
        "date_of_birth": f"{timezone.localdate().year - 8}-03-31",
        "tax_id": "124554322",
        "tax_id_type": "USA_SSN",
        "email": "tim@example.com",
        "country_of_citizenship": "USA",
        "country_of_birth": "CAN",
        "country_of_tax_residence": "USA",
        "state": "NY",
    }
    assert (sent["identity"]["given_name"], sent["identity"]["tax_id"]) == ("Ada", "124554321")
    assert sent["contact"]["email_address"] == "ada+tim@example.com"
    assert child.minor_tax_id_last4 == "4322"
    check = person.get(addresses.url(child, "apply_check")).content.decode()
    assert "•••-••-4322" in check
    assert "124554322" not in check
    page = person.get(addresses.url(child, "apply_step", "child")).content.decode()
    assert "124-55-4322" not in page
    assert "124554322" not in page


@pytest.mark.parametrize(
    ("born", "words"),
    [
        (date(2000, 1, 1), "under 18"),
        (date(2200, 1, 1), "in the future"),
    ],
)
def test_child_who_is_none(person: Client, account: BrokerageAccount, born: date, words: str) -> None:
    child = begin(account.user, AccountKind.CUSTODIAL)
    typed = {**CHILD, "minor_date_of_birth_year": str(born.year)}
    form = FORMS["child"](typed, application=child)
    assert words in str(form.errors["minor_date_of_birth"])


def test_account_email_is_not_one_that_the_broker_has(account: BrokerageAccount) -> None:
    child = begin(account.user, AccountKind.CUSTODIAL)
    for typed in (account.user.email, account.user.email.upper()):
        form = FORMS["account-email"]({"account_email": typed}, application=child)
        assert "another account of yours" in str(form.errors["account_email"])


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"1-share_pct": "99.99"}, "1-share_pct", "make 99.99% together"),
        ({"1-share_pct": "100.01"}, "1-share_pct", "100 percent at the most"),
        ({"1-type": "contingent"}, "1-type", "Somebody has to be first"),
        ({"1-date_of_birth_year": "2200"}, "1-date_of_birth", "in the future"),
        ({"1-given_name": ""}, "1-given_name", "Enter the first name"),
        ({"1-relationship": "cat"}, "1-relationship", "Choose"),
    ],
)
def test_beneficiaries_refused(
    account: BrokerageAccount, change: dict[str, str], field: str, words: str
) -> None:
    ira = begin(account.user, AccountKind.IRA)
    ira.keep_answers({"account_sub_type": "roth", "number_of_beneficiaries": "1"})
    form = FORMS["beneficiary-details"]({**SAM, **change}, application=ira)
    assert not form.is_valid()
    assert words in str(form.errors[field])


def test_spouse_has_to_agree_where_half_is_theirs(account: BrokerageAccount) -> None:
    ira = begin(account.user, AccountKind.IRA)
    for state, typed, valid in (("CA", "", False), ("CA", "True", True), ("NY", "", True)):
        ira.state = state
        form = FORMS["beneficiaries"](
            {"number_of_beneficiaries": "1"} | ({"spouse_agrees": typed} if typed else {}), application=ira
        )
        assert form.is_valid() is valid, state
    assert FORMS["beneficiaries"]({"number_of_beneficiaries": "0"}, application=ira).is_valid()


def test_beneficiaries_reopen_when_another_number_is_wanted(account: BrokerageAccount) -> None:
    ira = begin(account.user, AccountKind.IRA)
    ira.keep_answers({"number_of_beneficiaries": "1", "beneficiaries": [{}], "spouse_agrees": True})
    assert PAGES["beneficiary-details"].is_complete(ira)
    ira.keep_answers({"number_of_beneficiaries": "2"})
    assert not PAGES["beneficiary-details"].is_complete(ira)
    ira.keep_answers({"state": "NY", "spouse_agrees": None})
    assert PAGES["beneficiaries"].is_complete(ira)
    ira.keep_answers({"state": "TX"})
    assert not PAGES["beneficiaries"].is_complete(ira)


def test_agreements_of_a_kind() -> None:
    assert [text.key for text in asked_for("individual")] == ["customer_agreement", "margin_agreement"]
    assert [text.key for text in asked_for("ira")] == ["customer_agreement", "etc_agreement"]
    assert [text.key for text in asked_for("custodial")] == ["customer_agreement"]


def test_drop_tax_ids_forgets_the_child_s_too(account: BrokerageAccount) -> None:
    application = account.application
    application.tax_id, application.minor_tax_id = "", "124554322"
    application.save()
    assert retention.drop_tax_ids(now=timezone.now() + timedelta(days=10_000)) == 1
    application.refresh_from_db()
    assert application.minor_tax_id == ""


def test_refusal_about_the_child_leads_to_its_page(account: BrokerageAccount) -> None:
    child = begin(account.user, AccountKind.CUSTODIAL)
    child.status = ApplicationStatus.NEEDS_CHANGES
    for said, key in (
        ("minor_identity.state is invalid", "child"),
        ("minor_identity.date_of_birth is invalid: must be a minor", "child"),
        ("email address already exists", "account-email"),
        ("postal_code is invalid", "contact"),
    ):
        child.status_reason = said
        refusal = read_refusal(child)
        assert refusal is not None
        assert [change.url for change in refusal.changes] == [f"/apply/{key}/{child.pk}/?check"], said


# Against the sandbox.


@pytest.mark.parametrize(
    ("kind", "pages", "title"),
    [(AccountKind.IRA, IRA_PAGES, "Roth IRA"), (AccountKind.CUSTODIAL, CHILD_PAGES, "Custodial")],
)
def test_kind_reaches_an_open_account(
    sandbox: SandboxProcess, client: Client, kind: AccountKind, pages: Any, title: str
) -> None:
    first = open_account_at(sandbox)
    client.force_login(first.user)
    own = [(key, typed | _address(first.user, key)) for key, typed in pages]
    application = send(fill_in(client, begin(first.user, kind), own))
    made = BrokerageAccount.objects.get(application=application)
    assert made.pk != first.pk
    sandbox.set_account_status(str(made.broker_account_id), "ACTIVE")
    made = sync_account(account=made)
    assert made.is_open
    assert made.title == f"{title} ••{made.last4}"
    at_broker = sandbox.get(f"/v1/accounts/{made.broker_account_id}")
    if kind == AccountKind.IRA:
        assert at_broker["primary_account_holder_id"] == str(first.broker_account_id)
        assert at_broker["account_sub_type"] == made.account_sub_type == "roth"
        # Without etc_agreement the sandbox opens no IRA of somebody it knows; replies do not name it.
        assert [entry["agreement"] for entry in at_broker["agreements"]] == ["customer_agreement"]
    else:
        assert at_broker["minor_identity"]["given_name"] == "Tim"
        assert at_broker["contact"]["email_address"] == application.email_address


def _address(user: User, key: str) -> dict[str, str]:
    name, _, domain = user.email.partition("@")
    return {"account_email": f"{name}+tim@{domain}"} if key == "account-email" else {}


def test_lost_reply_of_one_more_account_is_settled_by_what_it_names(
    sandbox: SandboxProcess, client: Client
) -> None:
    first = open_account_at(sandbox)
    client.force_login(first.user)
    ira = fill_in(client, begin(first.user, AccountKind.IRA), IRA_PAGES)
    applications.submit_application(application=ira, by=first.user, now=timezone.now())
    ira.refresh_from_db()
    sandbox.fail_next("POST", "/v1/accounts", "drop_reply")
    applications.open_account(application=ira, now=timezone.now())
    ira.refresh_from_db()
    assert ira.status == ApplicationStatus.UNKNOWN
    applications.settle_application(application=ira, now=timezone.now())
    ira.refresh_from_db()
    assert ira.status == ApplicationStatus.SUBMITTED
    assert ira.account is not None
    assert ira.account.broker_account_id != first.broker_account_id
    found = sandbox.get("/v1/accounts", params={"query": first.user.email})
    assert len(found) == 2


def test_lost_request_of_one_more_account_is_sent_again_only_when_it_cannot_arrive(
    sandbox: SandboxProcess, client: Client
) -> None:
    first = open_account_at(sandbox)
    client.force_login(first.user)
    ira = fill_in(client, begin(first.user, AccountKind.IRA), IRA_PAGES)
    now = datetime.now(UTC)
    applications.submit_application(application=ira, by=first.user, now=now)
    KycApplication.objects.filter(pk=ira.pk).update(status="UNKNOWN", claimed_at=now)
    for later, status in ((timedelta(minutes=1), "UNKNOWN"), (timedelta(minutes=6), "SUBMITTING")):
        ira.refresh_from_db()
        applications.settle_application(application=ira, now=now + later)
        ira.refresh_from_db()
        assert ira.status == status
