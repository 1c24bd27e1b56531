"""People who live, or pay tax, outside of the United States."""

from datetime import UTC, datetime
from typing import Any

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.workflow.state import Process
from onboarding import w8ben
from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES, forget_what_is_not_asked
from onboarding.services import applications, tax_forms
from tests.factories import IP_ADDRESS, KycApplicationFactory, UserFactory, account_reply

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
SIGNATURE = tax_forms.Signature("Ana Souza", IP_ADDRESS, NOW)

ABROAD: dict[str, Any] = {
    "country_of_residence": "BRA",
    "country_of_citizenship": "BRA",
    "permanent_resident": False,
    "country_of_tax_residence": "BRA",
}
EXPATRIATE: dict[str, Any] = {"country_of_residence": "SGP", "country_of_citizenship": "USA"}
ANSWERED: dict[str, Any] = {
    **ABROAD,
    "given_name": "Ana",
    "family_name": "Souza",
    "other_citizenship": "PRT",
    "phone_number": "+551123456789",
    "street_address": "Rua Augusta 1000",
    "unit": "Apto 12",
    "city": "Sao Paulo",
    "province": "SP",
    "foreign_postal_code": "01304-001",
    "country_of_birth": "PRT",
    "foreign_tax_id_type": "BRA_CPF",
    "foreign_tax_id": "39053344705",
    "foreign_tax_id_last4": "4705",
    "identity_paper": "passport",
    "mail_goes_elsewhere": False,
}


def somebody(**answers: Any) -> KycApplication:
    """An application in which this was answered, and nothing else."""
    application = KycApplication()
    application.keep_answers(answers)
    return application


def complete(**answers: Any) -> KycApplication:
    """An application in which everything is answered and signed but the agreements."""
    application: KycApplication = KycApplicationFactory.build(user=None, email_address="ana@example.com")
    seen = {page.seen: True for page in PAGES.values() if page.seen}
    application.keep_answers({**seen, **ANSWERED, **answers})
    forget_what_is_not_asked(application)
    application.keep_answers({"w8ben_signed": w8ben.digest(application.answer)})
    return application


def create(user: User | None = None, **answers: Any) -> KycApplication:
    """A complete application of somebody taxed abroad, signed, and kept."""
    application: KycApplication = KycApplicationFactory.create(user=user or UserFactory.create())
    seen = {page.seen: True for page in PAGES.values() if page.seen}
    application.keep_answers({**seen, **ANSWERED, **answers})
    forget_what_is_not_asked(application)
    application.save()
    tax_forms.sign(application=application, answers={}, signature=SIGNATURE)
    application.refresh_from_db()
    return application


def create_account(**answers: Any) -> BrokerageAccount:
    """The open account of somebody taxed abroad."""
    application = create(**answers)
    applications.submit_application(application=application, by=application.user, now=NOW)
    return applications.apply_account(
        application=application, reply=account_reply(status="ACTIVE"), by=Process.REPLY, asked_at=NOW
    )
