"""Statuses of brokerage accounts, and the steps between them."""

from django.db.models import TextChoices


class AccountStatus(TextChoices):
    """Alpaca's account statuses (Broker API, "Account Statuses"), word for word."""

    INACTIVE = "INACTIVE", "Not enabled"
    ONBOARDING = "ONBOARDING", "Identity check to do"
    SUBMITTED = "SUBMITTED", "In review"
    SUBMISSION_FAILED = "SUBMISSION_FAILED", "Delayed on our side"
    ACTION_REQUIRED = "ACTION_REQUIRED", "Action needed"
    EDITED = "EDITED", "In review"
    ACCOUNT_UPDATED = "ACCOUNT_UPDATED", "Change in review"
    APPROVAL_PENDING = "APPROVAL_PENDING", "In review"
    REAPPROVAL_PENDING = "REAPPROVAL_PENDING", "In review"
    RESUBMITTED = "RESUBMITTED", "In review"
    KYC_SUBMITTED = "KYC_SUBMITTED", "In review"
    AML_REVIEW = "AML_REVIEW", "In review"
    LIMITED = "LIMITED", "Limited"
    APPROVED = "APPROVED", "Approved"
    REJECTED = "REJECTED", "Not approved"
    ACTIVE = "ACTIVE", "Active"
    DISABLE_PENDING = "DISABLE_PENDING", "Being disabled"
    DISABLED = "DISABLED", "Disabled"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED", "Closed"


FINAL_ACCOUNT = (AccountStatus.ACCOUNT_CLOSED,)


SETTLED_ACCOUNT = (
    AccountStatus.ACTIVE,
    AccountStatus.REJECTED,
    AccountStatus.DISABLED,
    AccountStatus.ACCOUNT_CLOSED,
)
"""Statuses that only change by an event from outside; all others are polled."""


# Alpaca decides, and a poll may skip steps that the events show, so any step may be observed but one out of a
# final status.
ACCOUNT_TRANSITIONS: dict[str, frozenset[str]] = {
    status: frozenset() if status in FINAL_ACCOUNT else frozenset(AccountStatus) - {status}
    for status in AccountStatus
}
