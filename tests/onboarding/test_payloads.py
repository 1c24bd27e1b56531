import pytest

from onboarding import payloads
from onboarding.models import KycApplication
from tests.factories import IP_ADDRESS, KycApplicationFactory

pytestmark = pytest.mark.django_db


def body(application: KycApplication) -> dict:
    return payloads.account_request(application, list(application.agreements.all())).body()


def test_account_request_sends_what_was_answered() -> None:
    sent = body(KycApplicationFactory.create(is_politically_exposed=True, middle_name=""))
    assert sent["identity"]["tax_id"] == "124554321"
    assert sent["identity"]["date_of_birth"] == "1985-03-31"
    assert "middle_name" not in sent["identity"]
    assert sent["disclosures"]["is_politically_exposed"] is True
    assert sent["disclosures"]["is_control_person"] is False
    assert sent["contact"]["street_address"] == ["20 N San Mateo Dr"]
    assert sent["contact"]["phone_number"] == "+12125550123"
    assert "trusted_contact" not in sent


def test_account_request_sends_the_real_signature() -> None:
    (agreement,) = body(KycApplicationFactory.create())["agreements"]
    assert agreement["agreement"] == "customer_agreement"
    assert agreement["ip_address"] == IP_ADDRESS
    assert agreement["signed_at"] == "2026-03-02T15:00:00Z"


def test_account_request_without_the_margin_agreement_asks_for_a_cash_account() -> None:
    assert body(KycApplicationFactory.create())["trading_configurations"]["max_margin_multiplier"] == "1"
    both = KycApplicationFactory.create(agreements_ticked=["customer_agreement", "margin_agreement"])
    assert "trading_configurations" not in body(both)


def test_account_request_with_a_trusted_contact() -> None:
    sent = body(
        KycApplicationFactory.create(
            wants_trusted_contact=True,
            trusted_given_name="Sam",
            trusted_family_name="Friend",
            trusted_email_address="sam@example.com",
        )
    )
    assert sent["trusted_contact"] == {
        "given_name": "Sam",
        "family_name": "Friend",
        "email_address": "sam@example.com",
    }


def test_account_request_of_somebody_on_a_visa() -> None:
    visitor = {
        "country_of_residence": "USA",
        "country_of_tax_residence": "USA",
        "visa_type": "B2",
        "visa_expiration_date": "2030-03-31",
        "date_of_departure_from_usa": "2029-12-01",
    }
    sent = body(
        KycApplicationFactory.create(
            country_of_citizenship="GBR", permanent_resident=False, answers=visitor, tax_id_type="USA_ITIN"
        )
    )
    assert sent["contact"]["country"] == "USA"
    identity = sent["identity"]
    assert identity["permanent_resident"] is False
    assert identity["tax_id_type"] == "USA_ITIN"
    names = ("visa_type", "visa_expiration_date", "date_of_departure_from_usa", "country_of_tax_residence")
    assert {name: identity[name] for name in names} == {name: visitor[name] for name in names}


def test_account_request_leaves_out_what_is_not_asked_of_a_citizen() -> None:
    left_over = {"country_of_residence": "USA", "visa_type": "B2", "local_family_name": "李"}
    identity = body(KycApplicationFactory.create(answers=left_over))["identity"]
    assert not {"visa_type", "local_family_name"} & set(identity)
    assert identity["country_of_tax_residence"] == "USA"


def test_account_request_sends_ranges_as_their_two_ends() -> None:
    money = {"annual_income": "50000-100000", "total_net_worth": "5000000-", "number_of_dependents": "0"}
    aims = {"investment_objective": "growth", "investment_experience_with_stocks": "none"}
    sent = body(KycApplicationFactory.create(answers={**money, **aims}))
    identity = sent["identity"]
    assert (identity["annual_income_min"], identity["annual_income_max"]) == ("50000", "100000")
    assert identity["total_net_worth_min"] == "5000000"
    assert "total_net_worth_max" not in identity
    assert identity["number_of_dependents"] == 0
    assert identity["investment_experience_with_stocks"] == "none"
    assert sent["investment_objective"] == "growth"


def test_account_request_of_somebody_with_one_name() -> None:
    names = {"has_one_name": True, "suffix": "Jr"}
    sent = body(KycApplicationFactory.create(given_name="", family_name="Sukarno", answers=names))
    identity = sent["identity"]
    assert (identity["given_name"], identity["family_name"], identity["suffix"]) == ("FNU", "Sukarno", "Jr")
    assert (
        body(KycApplicationFactory.create(answers={"has_one_name": False}))["identity"]["given_name"] == "Ada"
    )
