"""Statuses of brokerage accounts, the steps between them, and how often each is read."""

from datetime import timedelta

from django.db.models import TextChoices

from brokerapp.workflow.following import Rhythm
from brokerapp.workflow.paths import ANY_OTHER


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


_S = AccountStatus

ACCOUNT_PATHS: dict[str, frozenset[str]] = {
    # Sent in by the identity check of Onfido.
    _S.ONBOARDING: frozenset({_S.SUBMITTED}),
    _S.SUBMITTED: frozenset(
        {_S.APPROVED, _S.APPROVAL_PENDING, _S.ACTION_REQUIRED, _S.REJECTED, _S.SUBMISSION_FAILED}
    ),
    # What was asked for has come: the check is made anew, or by hand.
    _S.ACTION_REQUIRED: frozenset({_S.SUBMITTED, _S.APPROVAL_PENDING}),
    _S.APPROVAL_PENDING: frozenset({_S.APPROVED, _S.REJECTED}),
    # After an appeal, by papers.
    _S.REJECTED: frozenset({_S.APPROVAL_PENDING}),
    _S.APPROVED: frozenset({_S.ACTIVE}),
    _S.ACTIVE: frozenset({_S.ACCOUNT_UPDATED, _S.DISABLED, _S.ACCOUNT_CLOSED}),
    _S.ACCOUNT_UPDATED: frozenset({_S.ACTIVE}),
    _S.DISABLED: frozenset({_S.ACTIVE}),
    _S.ACCOUNT_CLOSED: frozenset(),
    # Solved by the broker's staff, who do not say what comes next.
    _S.SUBMISSION_FAILED: ANY_OTHER,
    # Words of Alpaca's pages or of its SDK, without a step to or from them.
    _S.INACTIVE: ANY_OTHER,
    _S.EDITED: ANY_OTHER,
    _S.REAPPROVAL_PENDING: ANY_OTHER,
    _S.RESUBMITTED: ANY_OTHER,
    _S.KYC_SUBMITTED: ANY_OTHER,
    _S.AML_REVIEW: ANY_OTHER,
    _S.LIMITED: ANY_OTHER,
    _S.DISABLE_PENDING: ANY_OTHER,
}
"""The steps that the broker documents ("Accounts Statuses", "Customer Account Opening")."""

# Alpaca decides, a poll may skip steps that the events show, and operations staff there may take others than
# the documented: any step may be observed but one out of a final status.
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
