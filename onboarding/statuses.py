"""Statuses of this app, the steps between them, and Alpaca's words for them."""

from django.db.models import TextChoices


class ApplicationStatus(TextChoices):
    """A KYC application, until Alpaca has an account for it."""

    DRAFT = "DRAFT", "Not sent yet"
    SUBMITTING = "SUBMITTING", "Waiting to be sent"
    SENDING = "SENDING", "Sending"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    NEEDS_CHANGES = "NEEDS_CHANGES", "Needs changes"
    SUBMITTED = "SUBMITTED", "Submitted"


EDITABLE_APPLICATION = (ApplicationStatus.DRAFT, ApplicationStatus.NEEDS_CHANGES)

APPLICATION_TRANSITIONS: dict[str, frozenset[str]] = {
    ApplicationStatus.DRAFT: frozenset({ApplicationStatus.SUBMITTING}),
    ApplicationStatus.NEEDS_CHANGES: frozenset({ApplicationStatus.SUBMITTING}),
    ApplicationStatus.SUBMITTING: frozenset({ApplicationStatus.SENDING}),
    ApplicationStatus.SENDING: frozenset(
        {ApplicationStatus.SUBMITTED, ApplicationStatus.UNKNOWN, ApplicationStatus.NEEDS_CHANGES}
    ),
    # Back to SUBMITTING only once the broker has said that it has no such account.
    ApplicationStatus.UNKNOWN: frozenset({ApplicationStatus.SUBMITTED, ApplicationStatus.SUBMITTING}),
    ApplicationStatus.SUBMITTED: frozenset(),
}


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


class DocumentStatus(TextChoices):
    """An uploaded document on its way to Alpaca."""

    STORED = "STORED", "Saved"
    SENDING = "SENDING", "Sending"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    REFUSED = "REFUSED", "Refused"
    SENT = "SENT", "Sent"


DOCUMENT_TRANSITIONS: dict[str, frozenset[str]] = {
    DocumentStatus.STORED: frozenset({DocumentStatus.SENDING}),
    DocumentStatus.SENDING: frozenset({DocumentStatus.SENT, DocumentStatus.UNKNOWN, DocumentStatus.REFUSED}),
    DocumentStatus.UNKNOWN: frozenset({DocumentStatus.SENT, DocumentStatus.STORED}),
    DocumentStatus.REFUSED: frozenset(),
    DocumentStatus.SENT: frozenset(),
}
