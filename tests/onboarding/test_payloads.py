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
