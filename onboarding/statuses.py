"""Statuses of this app and the steps between them."""

from django.db.models import TextChoices


class ApplicationStatus(TextChoices):
    """A KYC application, until Alpaca has an account for it.

    IN_REVIEW and REJECTED are only where our own staff approve (`STAFF_APPROVE_APPLICATIONS`).
    """

    DRAFT = "DRAFT", "Not sent yet"
    SUBMITTING = "SUBMITTING", "Being sent"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    NEEDS_CHANGES = "NEEDS_CHANGES", "Needs changes"
    SUBMITTED = "SUBMITTED", "Submitted"
    IN_REVIEW = "IN_REVIEW", "Looked at by our staff"
    REJECTED = "REJECTED", "Not approved by our staff"


EDITABLE_APPLICATION = (ApplicationStatus.DRAFT, ApplicationStatus.NEEDS_CHANGES)

APPLICATION_TRANSITIONS: dict[str, frozenset[str]] = {
    ApplicationStatus.DRAFT: frozenset({ApplicationStatus.SUBMITTING, ApplicationStatus.IN_REVIEW}),
    ApplicationStatus.NEEDS_CHANGES: frozenset({ApplicationStatus.SUBMITTING, ApplicationStatus.IN_REVIEW}),
    ApplicationStatus.IN_REVIEW: frozenset(
        {ApplicationStatus.SUBMITTING, ApplicationStatus.NEEDS_CHANGES, ApplicationStatus.REJECTED}
    ),
    # After an appeal.
    ApplicationStatus.REJECTED: frozenset({ApplicationStatus.IN_REVIEW}),
    ApplicationStatus.SUBMITTING: frozenset(
        {ApplicationStatus.SUBMITTED, ApplicationStatus.UNKNOWN, ApplicationStatus.NEEDS_CHANGES}
    ),
    # Sent again, as it is, once the broker has said that it has no such account.
    ApplicationStatus.UNKNOWN: frozenset({ApplicationStatus.SUBMITTED, ApplicationStatus.NEEDS_CHANGES}),
    ApplicationStatus.SUBMITTED: frozenset(),
}


class DocumentStatus(TextChoices):
    """An uploaded document on its way to Alpaca."""

    STORED = "STORED", "Saved"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    REFUSED = "REFUSED", "Refused"
    SENT = "SENT", "Sent"


DOCUMENT_TRANSITIONS: dict[str, frozenset[str]] = {
    DocumentStatus.STORED: frozenset({DocumentStatus.SENT, DocumentStatus.UNKNOWN, DocumentStatus.REFUSED}),
    DocumentStatus.UNKNOWN: frozenset({DocumentStatus.SENT, DocumentStatus.REFUSED}),
    # Sent again by staff.
    DocumentStatus.REFUSED: frozenset({DocumentStatus.STORED}),
    DocumentStatus.SENT: frozenset(),
}


class AnswerStatus(TextChoices):
    """What a person answered, or our staff decided, on its way to Alpaca."""

    SUBMITTING = "SUBMITTING", "Being sent"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    REFUSED = "REFUSED", "Refused"
    SENT = "SENT", "Sent"


ANSWER_TRANSITIONS: dict[str, frozenset[str]] = {
    AnswerStatus.SUBMITTING: frozenset({AnswerStatus.SENT, AnswerStatus.UNKNOWN, AnswerStatus.REFUSED}),
    AnswerStatus.UNKNOWN: frozenset({AnswerStatus.SENT, AnswerStatus.REFUSED}),
    # Sent again by staff.
    AnswerStatus.REFUSED: frozenset({AnswerStatus.SUBMITTING}),
    AnswerStatus.SENT: frozenset(),
}


class TaxFormStatus(TextChoices):
    """A signed form W-8BEN: on its way to Alpaca, in force there, and to be signed again."""

    STORED = "STORED", "Signed"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    REFUSED = "REFUSED", "Refused"
    SENT = "SENT", "In force"
    DUE = "DUE", "To be signed again"
    REPLACED = "REPLACED", "Replaced by a newer one"


TAX_FORM_TRANSITIONS: dict[str, frozenset[str]] = {
    TaxFormStatus.STORED: frozenset({TaxFormStatus.SENT, TaxFormStatus.UNKNOWN, TaxFormStatus.REFUSED}),
    TaxFormStatus.UNKNOWN: frozenset({TaxFormStatus.SENT, TaxFormStatus.REFUSED}),
    TaxFormStatus.REFUSED: frozenset(),
    TaxFormStatus.SENT: frozenset({TaxFormStatus.DUE, TaxFormStatus.REPLACED}),
    TaxFormStatus.DUE: frozenset({TaxFormStatus.REPLACED}),
    TaxFormStatus.REPLACED: frozenset(),
}


class PaperStatus(TextChoices):
    """A paper that ends: asked for again, until there is one that is valid for longer."""

    ASKED = "ASKED", "Asked for again"
    OVER = "OVER", "Not asked for any more"


PAPER_TRANSITIONS: dict[str, frozenset[str]] = {
    PaperStatus.ASKED: frozenset({PaperStatus.OVER}),
    PaperStatus.OVER: frozenset(),
}


class ProfileChangeStatus(TextChoices):
    """A change of an account's data, asked for by its owner."""

    SUBMITTING = "SUBMITTING", "Being sent"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    APPLIED = "APPLIED", "Changed"
    REFUSED = "REFUSED", "Not changed"


OPEN_CHANGE = (ProfileChangeStatus.SUBMITTING, ProfileChangeStatus.UNKNOWN)

PROFILE_CHANGE_TRANSITIONS: dict[str, frozenset[str]] = {
    ProfileChangeStatus.SUBMITTING: frozenset(
        {ProfileChangeStatus.APPLIED, ProfileChangeStatus.REFUSED, ProfileChangeStatus.UNKNOWN}
    ),
    # Sent again, as it is, once the broker has said that nothing has changed.
    ProfileChangeStatus.UNKNOWN: frozenset({ProfileChangeStatus.APPLIED, ProfileChangeStatus.REFUSED}),
    ProfileChangeStatus.APPLIED: frozenset(),
    ProfileChangeStatus.REFUSED: frozenset(),
}
