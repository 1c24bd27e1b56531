"""Applications for IRAs and accounts for a child, for the tests: begun, filled in, sent."""

from typing import Any

from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import User
from onboarding import addresses, payloads, steps
from onboarding.agreements import asked_for, revisions_of
from onboarding.kinds import AccountKind
from onboarding.models import KycApplication
from onboarding.services import applications, kinds
from onboarding.statuses import ApplicationStatus

IP_ADDRESS = "203.0.113.7"
SAM = {
    "1-given_name": "Sam",
    "1-middle_name": "",
    "1-family_name": "Friend",
    "1-date_of_birth_month": "5",
    "1-date_of_birth_day": "1",
    "1-date_of_birth_year": "1990",
    "1-tax_id": "124-55-4323",
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
