"""Statuses of brokerage accounts, the steps between them, and how often each is read."""

from datetime import timedelta

from django.db.models import TextChoices

from brokerapp.workflow.following import Rhythm


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


OPEN_ACCOUNT = (AccountStatus.ACTIVE, AccountStatus.ACCOUNT_UPDATED)
"""Statuses of an account that is in use: an update of its owner's data is only looked at."""
ENDED_ACCOUNT = (AccountStatus.DISABLE_PENDING, AccountStatus.DISABLED, AccountStatus.ACCOUNT_CLOSED)
"""Statuses that only an account takes that was open before."""
FINAL_ACCOUNT = (AccountStatus.ACCOUNT_CLOSED,)


# Alpaca decides, and a poll may skip steps that the events show, so any step may be observed but one out of a
# final status.
ACCOUNT_TRANSITIONS: dict[str, frozenset[str]] = {
    status: frozenset() if status in FINAL_ACCOUNT else frozenset(AccountStatus) - {status}
    for status in AccountStatus
}

# The longest pauses are four times as long while the event stream is alive: 4 h, 6 h, and once a day.
PENDING = Rhythm(timedelta(seconds=5), timedelta(hours=1))
WAITS_FOR_THE_PERSON = Rhythm(timedelta(seconds=30), timedelta(minutes=90))
DECIDED = Rhythm(timedelta(minutes=30), timedelta(hours=6))
ACCOUNT_RHYTHM: dict[str, Rhythm] = {
    **{status: PENDING for status in AccountStatus if status not in FINAL_ACCOUNT},
    AccountStatus.ACTION_REQUIRED: WAITS_FOR_THE_PERSON,
    # An event can be lost on a living stream, so these are read now and then as well.
    AccountStatus.ACTIVE: DECIDED,
    AccountStatus.REJECTED: DECIDED,
    AccountStatus.DISABLED: DECIDED,
    AccountStatus.INACTIVE: DECIDED,
}


class HoldReason(TextChoices):
    """Why no money may leave for a while; in the words of staff."""

    PASSWORD = "PASSWORD", "password changed"
    EMAIL = "EMAIL", "e-mail address changed"
    MFA = "MFA", "second factor changed"
    BANK = "BANK", "bank linked"
    SECURED = "SECURED", "secured by its owner"


class HoldStatus(TextChoices):
    """Whether staff have lifted a hold; that its time is over is no status."""

    ACTIVE = "ACTIVE", "Active"
    LIFTED = "LIFTED", "Lifted by staff"


HOLD_TRANSITIONS: dict[str, frozenset[str]] = {
    HoldStatus.ACTIVE: frozenset({HoldStatus.LIFTED}),
    HoldStatus.LIFTED: frozenset(),
}
