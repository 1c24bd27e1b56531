"""Statuses of this app and the steps between them."""

from django.db.models import TextChoices


class ApplicationStatus(TextChoices):
    """A KYC application, until Alpaca has an account for it."""

    DRAFT = "DRAFT", "Not sent yet"
    SUBMITTING = "SUBMITTING", "Being sent"
    UNKNOWN = "UNKNOWN", "Checking with the broker"
    NEEDS_CHANGES = "NEEDS_CHANGES", "Needs changes"
    SUBMITTED = "SUBMITTED", "Submitted"


EDITABLE_APPLICATION = (ApplicationStatus.DRAFT, ApplicationStatus.NEEDS_CHANGES)

APPLICATION_TRANSITIONS: dict[str, frozenset[str]] = {
    ApplicationStatus.DRAFT: frozenset({ApplicationStatus.SUBMITTING}),
    ApplicationStatus.NEEDS_CHANGES: frozenset({ApplicationStatus.SUBMITTING}),
    ApplicationStatus.SUBMITTING: frozenset(
        {ApplicationStatus.SUBMITTED, ApplicationStatus.UNKNOWN, ApplicationStatus.NEEDS_CHANGES}
    ),
    # Back to SUBMITTING only once the broker has said that it has no such account.
    ApplicationStatus.UNKNOWN: frozenset({ApplicationStatus.SUBMITTED, ApplicationStatus.SUBMITTING}),
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
    DocumentStatus.UNKNOWN: frozenset({DocumentStatus.SENT, DocumentStatus.STORED}),
    DocumentStatus.REFUSED: frozenset(),
    DocumentStatus.SENT: frozenset(),
}
