"""Profiles for the tests: whose they are, what is typed, and what the broker hears of it."""

import json
from datetime import UTC, datetime
from typing import Any

from brokerapp.accounts.models import BrokerageAccount
from onboarding import payloads
from onboarding.agreements import text_of
from onboarding.forms.profile import FORMS, ProfileForm
from onboarding.models import KycApplication, ProfileChange
from onboarding.profile import PARTS
from onboarding.services import profile
from tests.broker_stub import BrokerStub
from tests.factories import IP_ADDRESS, KycApplicationFactory, account_reply

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


def body(key: str, answers: dict[str, Any], application: KycApplication | None = None) -> dict[str, Any]:
    application = application or person()
    change = ProfileChange(part=key, answers=answers)
    application.keep_answers(answers)
    return payloads.profile_body(change, application, PARTS[key].page.questions)


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
