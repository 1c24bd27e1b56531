"""IRAs: the pages of who gets one, and the request that they make."""

from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from onboarding import addresses
from onboarding.agreements import AGREEMENTS
from onboarding.forms import FORMS
from onboarding.kinds import AccountKind
from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.questions.known import known_values_of
from onboarding.questions.retirement import what_to_know
from onboarding.refusals import read_refusal
from onboarding.services import retention
from onboarding.statuses import ApplicationStatus
from tests.factories import KycApplicationFactory
from tests.onboarding.account_kinds import IRA_PAGES, SAM, begin, body, fill_in, missing

pytestmark = pytest.mark.django_db


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
                "tax_id": "124554323",
                "tax_id_type": "USA_SSN",
            }
        ],
    }
    check = person.get(addresses.url(ira, "apply_check")).content.decode()
    assert "SSN or ITIN ends in 4323" in check
    page = person.get(addresses.url(ira, "apply_step", "beneficiary-details")).content.decode()
    assert "We have the one that ends in 4323" in page
    for shown in (check, page):
        assert "124554323" not in shown
        assert "124-55-4323" not in shown
    assert "124554323" in set(known_values_of(account.user_id))


def test_ira_request_of_a_first_account_tells_who_it_is() -> None:
    application = KycApplicationFactory.create(
        account_kind="ira", answers={"country_of_residence": "USA", "account_sub_type": "traditional"}
    )
    sent = body(application)
    assert (sent["account_type"], sent["account_sub_type"]) == ("ira", "traditional")
    assert sent["identity"]["given_name"] == "Ada"
    assert sent["contact"]["email_address"] == application.email_address
    assert "primary_account_holder_id" not in sent


@pytest.mark.parametrize(
    ("change", "field", "words"),
    [
        ({"1-share_pct": "99.99"}, "1-share_pct", "make 99.99% together"),
        ({"1-share_pct": "100.01"}, "1-share_pct", "100 percent at the most"),
        ({"1-type": "contingent"}, "1-type", "Somebody has to be first"),
        ({"1-date_of_birth_year": "2200"}, "1-date_of_birth", "in the future"),
        ({"1-given_name": ""}, "1-given_name", "Enter the first name"),
        ({"1-relationship": "cat"}, "1-relationship", "Choose"),
        ({"1-tax_id": ""}, "1-tax_id", "Enter the Social Security number or ITIN"),
        ({"1-tax_id": "12-34"}, "1-tax_id", "9 digits"),
        ({"1-tax_id": "666-55-4321"}, "1-tax_id", "ever issued"),
        ({"1-tax_id": "124-55-4321"}, "1-tax_id", "This is your own number"),
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
    assert not PAGES["beneficiary-details"].is_complete(ira)  # named before their numbers were asked for
    ira.keep_answers({"beneficiary_tax_ids": ["124554323"]})
    assert PAGES["beneficiary-details"].is_complete(ira)
    ira.keep_answers({"number_of_beneficiaries": "2", "beneficiaries": [{}, {}]})
    assert not PAGES["beneficiary-details"].is_complete(ira)  # of the second no number is there
    ira.keep_answers({"beneficiaries": [{}]})
    assert not PAGES["beneficiary-details"].is_complete(ira)
    ira.keep_answers({"state": "NY", "spouse_agrees": None})
    assert PAGES["beneficiaries"].is_complete(ira)
    ira.keep_answers({"state": "TX"})
    assert not PAGES["beneficiaries"].is_complete(ira)


def details_form(ira: KycApplication, **typed: str) -> Any:
    return FORMS["beneficiary-details"]({**SAM, **typed}, application=ira)


def test_beneficiaries_keep_the_number_of_the_same_person_only(account: BrokerageAccount) -> None:
    ira = begin(account.user, AccountKind.IRA)
    ira.keep_answers({"account_sub_type": "roth", "number_of_beneficiaries": "1"})
    first = details_form(ira, **{"1-tax_id": "900-70-0001"})
    assert first.is_valid(), first.errors
    ira.keep_answers(first.answers())
    assert ira.answer("beneficiaries")[0]["tax_id_type"] == "USA_ITIN"

    renamed = details_form(ira, **{"1-tax_id": "", "1-family_name": "Friendly"})
    assert renamed.is_valid(), renamed.errors
    assert renamed.answers()["beneficiary_tax_ids"] == ["900700001"]
    another = details_form(ira, **{"1-tax_id": "", "1-given_name": "Ann", "1-date_of_birth_year": "1991"})
    assert "The date of birth is another one" in str(another.errors["1-tax_id"])


def test_beneficiaries_do_not_share_a_number(account: BrokerageAccount) -> None:
    ira = begin(account.user, AccountKind.IRA)
    ira.keep_answers({"account_sub_type": "roth", "number_of_beneficiaries": "2"})
    halves = {f"{number}{name[1:]}": typed for number in (1, 2) for name, typed in SAM.items()}
    halves |= {"1-share_pct": "50", "2-share_pct": "50"}
    same = details_form(ira, **halves)
    assert set(same.errors) == {"2-tax_id"}
    assert "cannot have the same number" in str(same.errors["2-tax_id"])
    assert details_form(ira, **(halves | {"2-tax_id": "124-55-4324"})).is_valid()


def test_drop_tax_ids_forgets_those_of_beneficiaries_too(account: BrokerageAccount) -> None:
    application = account.application
    application.keep_answers(
        {"tax_id": "", "beneficiaries": [{"tax_id_last4": "4323"}], "beneficiary_tax_ids": ["124554323"]}
    )
    application.save()
    assert retention.drop_tax_ids(now=timezone.now() + timedelta(days=10_000)) == 1
    application.refresh_from_db()
    assert application.beneficiary_tax_ids is None
    assert application.answer("beneficiaries") == [{"tax_id_last4": "4323"}]


def test_refusal_of_a_beneficiary_s_number_leads_to_its_page(
    person: Client, account: BrokerageAccount
) -> None:
    ira = fill_in(person, begin(account.user, AccountKind.IRA), IRA_PAGES)
    ira.status, ira.status_reason = ApplicationStatus.NEEDS_CHANGES, "beneficiaries.tax_id is required"
    refusal = read_refusal(ira)
    assert refusal is not None
    assert [change.url for change in refusal.changes] == [f"/apply/beneficiary-details/{ira.pk}/?check"]
    assert "the Social Security numbers of those whom you name" in refusal.text


def test_numbers_of_beneficiaries_are_encrypted_at_rest(person: Client, account: BrokerageAccount) -> None:
    ira = fill_in(person, begin(account.user, AccountKind.IRA), IRA_PAGES)
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(a)::text FROM onboarding_kycapplication a WHERE id = %s", [ira.pk])
        (kept,) = cursor.fetchone()
    assert "124554323" not in kept
    assert ira.beneficiary_tax_ids == ["124554323"]


def test_page_about_iras_says_when_this_year_s_amount_is_not_known() -> None:
    now, later = (dict(what_to_know(date(year, 6, 1)))["How much you may put in"] for year in (2026, 2031))
    assert "Up to $7,500.00 for 2026, or $8,600.00 if you are 50 or older" in now
    assert "not entered" not in now
    assert "for 2026" in later
    assert "The amount for 2031 is not entered here yet." in later
