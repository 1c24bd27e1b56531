"""The documents that the broker issued, and when its list of them was last read."""

from datetime import datetime
from typing import ClassVar

from django.db import models
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount


class DocumentKind(models.TextChoices):
    """How a person sorts them; the values are in addresses."""

    STATEMENTS = "statements", "Statements"
    CONFIRMATIONS = "confirmations", "Trade confirmations"
    TAX = "tax", "Tax forms"
    OTHER = "other", "Other"


STATEMENT_TYPES = ("account_statement", "crypto_account_statement")
CONFIRMATION_TYPES = ("trade_confirmation",)
TAX_PREFIX = "tax_"
FOR_MACHINES = ("trade_confirmation_json",)
"""Types that say for programs what another document says for people."""


def kind_of(type_: str) -> DocumentKind:
    """The kind of a document of the broker's type."""
    if type_ in STATEMENT_TYPES:
        return DocumentKind.STATEMENTS
    if type_ in CONFIRMATION_TYPES:
        return DocumentKind.CONFIRMATIONS
    return DocumentKind.TAX if type_.startswith(TAX_PREFIX) else DocumentKind.OTHER


class IssuedDocument(models.Model):
    """A document the broker issued for an account; its content stays there and is handed through.

    Broker API, "Retrieve a List of Account Documents" (https://docs.alpaca.markets/reference/getdocsforaccount).
    """

    TITLES: ClassVar = {
        "account_statement": "Monthly statement",
        "crypto_account_statement": "Monthly crypto statement",
        "trade_confirmation": "Trade confirmation",
        "tax_statement": "Tax form",
        "account_application": "Account application",
        "options_application": "Options application",
    }

    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="issued_documents")
    document_id = models.UUIDField("document ID at Alpaca", unique=True)
    kind = models.CharField(max_length=20, choices=DocumentKind)
    type = models.CharField(max_length=40, help_text="Alpaca's word")
    sub_type = models.CharField(
        max_length=40, blank=True, help_text="Alpaca's word; of a tax form, its number"
    )
    date = models.DateField(help_text="the last day that it is about")
    request_id = models.CharField(
        "Request ID", max_length=64, blank=True, help_text="of the first reply with it"
    )
    first_seen_at = models.DateTimeField(default=timezone.now)
    is_announced = models.BooleanField(
        default=False, help_text="whether it came while somebody could be told"
    )
    opened_at = models.DateTimeField(null=True, blank=True, help_text="when the person first opened it")

    class Meta:
        ordering = ["-date", "-pk"]
        indexes = [
            models.Index(fields=["account", "-date", "-id"], name="issued_document_newest"),
            models.Index(fields=["account", "kind", "-date"], name="issued_document_kind"),
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"

    @property
    def user_id(self) -> int:
        """The person whose account it is about."""
        return self.account.user_id

    @property
    def title(self) -> str:
        """What it is called: `Monthly statement`, `Tax form 1099-Comp`."""
        known = "Tax form" if self.kind == DocumentKind.TAX else self.type.replace("_", " ").capitalize()
        title = self.TITLES.get(self.type, known)
        return f"{title} {self.sub_type.replace('_', ' ')}".strip()

    @property
    def period(self) -> str:
        """The time that it is about: a month, a day, a year."""
        if self.kind == DocumentKind.STATEMENTS:
            return f"{self.date:%B %Y}"
        if self.kind == DocumentKind.TAX:
            return f"Tax year {self.date.year}"
        return f"{self.date:%a} {self.date.day} {self.date:%b} {self.date.year}"

    @property
    def filename(self) -> str:
        """What the download is called; letters, digits and dashes."""
        plain = "".join(letter if letter.isalnum() and letter.isascii() else "-" for letter in self.title)
        return f"{self.date}-{plain.lower()}.pdf"

    @property
    def is_new(self) -> bool:
        """Whether it came lately enough to be news, and the person has not opened it yet."""
        return self.is_announced and self.opened_at is None


class DocumentsSyncQuerySet(models.QuerySet["DocumentsSync"]):
    """Reads of sync cursors."""

    def due(self, now: datetime) -> "DocumentsSyncQuerySet":
        """Those whose list should be read again, the longest due first."""
        return self.filter(due_at__lte=now).select_related("account").order_by("due_at")


class DocumentsSync(models.Model):
    """When an account's list of documents was last read, and when it is read again."""

    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.CASCADE, primary_key=True, related_name="documents_sync"
    )
    synced_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(default=timezone.now, db_index=True)
    failed_reads = models.PositiveSmallIntegerField(default=0)

    objects = DocumentsSyncQuerySet.as_manager()

    def __str__(self) -> str:
        return f"documents of {self.pk}"
