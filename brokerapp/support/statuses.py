"""Statuses of a case, and the steps between them."""

from django.db.models import TextChoices


class CaseStatus(TextChoices):
    """Whose turn it is."""

    OPEN = "OPEN", "With our support"
    ANSWERED = "ANSWERED", "Answered"
    CLOSED = "CLOSED", "Closed"


CASE_TRANSITIONS: dict[str, frozenset[str]] = {
    CaseStatus.OPEN: frozenset({CaseStatus.ANSWERED, CaseStatus.CLOSED}),
    # The person writes again, also after it was closed.
    CaseStatus.ANSWERED: frozenset({CaseStatus.OPEN, CaseStatus.CLOSED}),
    CaseStatus.CLOSED: frozenset({CaseStatus.OPEN}),
}


class Topic(TextChoices):
    """What a question is about, in the words of who asks."""

    TRANSFER = "TRANSFER", "Money in or out"
    ORDER = "ORDER", "An order or a position"
    APPLICATION = "APPLICATION", "Opening an account"
    DOCUMENT = "DOCUMENT", "Statements and tax forms"
    SIGN_IN = "SIGN_IN", "Signing in and security"
    OTHER = "OTHER", "Something else"
