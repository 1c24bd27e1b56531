"""Changes of a profile as they are sent, and as the broker says them back."""

from typing import Any

import pytest

from brokerapp.broker.alpaca.models import Details
from onboarding import payloads
from onboarding.models import Agreement
from onboarding.services import profile
from tests.factories import IP_ADDRESS
from tests.onboarding.profiles import MOVED, NOW, WORK, body, form, person
from tests.sandbox.in_process import InProcess


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
