"""KYC applications and their documents: what is true of one row."""

import uuid
from collections.abc import Iterator
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.security.blind_index import BlindIndexField, with_indexes
from brokerapp.security.encryption import (
    EncryptedBinaryField,
    EncryptedDateField,
    EncryptedJSONField,
    EncryptedTextField,
)
from brokerapp.workflow.writes import SentModel
from onboarding.statuses import (
    APPLICATION_TRANSITIONS,
    DOCUMENT_TRANSITIONS,
    EDITABLE_APPLICATION,
    ApplicationStatus,
    DocumentStatus,
)


class KycApplication(SentModel):
    """One person's answers to the account application, as they will be sent to `POST /v1/accounts`.

    Answers can be changed while the status is editable and are frozen from the moment of submission.
    """

    TRANSITIONS = APPLICATION_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="applications")
    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="application"
    )
    status = models.CharField(max_length=20, choices=ApplicationStatus, default=ApplicationStatus.DRAFT)

    email_address = models.EmailField(blank=True, help_text="The person's, as of submission.")
    given_name = models.CharField(max_length=50, blank=True)
    middle_name = models.CharField(max_length=50, blank=True)
    family_name = models.CharField(max_length=50, blank=True)
    phone_number = EncryptedTextField(blank=True)
    phone_number_index = BlindIndexField(of="phone_number")
    street_address = EncryptedTextField(blank=True)
    unit = EncryptedTextField(blank=True)
    city = EncryptedTextField(blank=True)
    state = EncryptedTextField(blank=True)
    postal_code = EncryptedTextField(blank=True)

    date_of_birth = EncryptedDateField(null=True, blank=True)
    country_of_citizenship = models.CharField(max_length=3, blank=True)
    country_of_birth = models.CharField(max_length=3, blank=True)
    permanent_resident = models.BooleanField(null=True, blank=True)
    tax_id = EncryptedTextField(blank=True)
    tax_id_index = BlindIndexField(of="tax_id")
    tax_id_dropped_at = models.DateTimeField(
        null=True, blank=True, help_text="when the number was forgotten, as the broker has it"
    )
    tax_id_type = models.CharField(max_length=20, blank=True)
    tax_id_last4 = models.CharField(max_length=4, blank=True)

    funding_source = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    employment_status = models.CharField(max_length=20, blank=True)
    employer_name = models.CharField(max_length=100, blank=True)
    employer_address = EncryptedTextField(blank=True)
    employment_position = models.CharField(max_length=100, blank=True)

    is_control_person = models.BooleanField(null=True, blank=True)
    is_affiliated_exchange_or_finra = models.BooleanField(null=True, blank=True)
    is_politically_exposed = models.BooleanField(null=True, blank=True)
    immediate_family_exposed = models.BooleanField(null=True, blank=True)
    disclosure_context = EncryptedJSONField(default=list, blank=True)

    wants_trusted_contact = models.BooleanField(null=True, blank=True)
    trusted_given_name = models.CharField(max_length=50, blank=True)
    trusted_family_name = models.CharField(max_length=50, blank=True)
    trusted_email_address = EncryptedTextField(blank=True)
    trusted_phone_number = EncryptedTextField(blank=True)

    documents_answered = models.BooleanField(null=True, blank=True)
    signed_revisions = models.JSONField(
        default=dict, blank=True, help_text="the revision of each agreement that was signed, by its key"
    )

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "KYC application"
        indexes = [models.Index(fields=["status", "send_after"])]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(status=ApplicationStatus.DRAFT),
                name="application_one_draft_per_person",
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=EDITABLE_APPLICATION) | models.Q(submitted_at__isnull=False),
                name="application_sent_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"application {self.pk}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if (columns := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = with_indexes(type(self), list(columns))
        super().save(*args, **kwargs)

    @property
    def is_editable(self) -> bool:
        """Whether answers may still change."""
        return self.status in EDITABLE_APPLICATION


class Agreement(models.Model):
    """One agreement a person signed: which text, when, and from which address."""

    application = models.ForeignKey(KycApplication, on_delete=models.PROTECT, related_name="agreements")
    agreement = models.CharField(max_length=40)
    revision = models.CharField(max_length=20)
    signed_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["application", "agreement"], name="agreement_signed_once"),
        ]

    def __str__(self) -> str:
        return f"{self.agreement} {self.revision}"


class Document(SentModel):
    """A file a person uploaded for KYC: encrypted here, sent to Alpaca once the account exists."""

    TRANSITIONS = DOCUMENT_TRANSITIONS
    WAITING = DocumentStatus.STORED

    class Type(models.TextChoices):
        """Alpaca's `document_type` values that a person may upload."""

        IDENTITY_VERIFICATION = "identity_verification", "Government ID (passport, driver's license)"
        ADDRESS_VERIFICATION = "address_verification", "Proof of address (utility bill, bank statement)"
        TAX_ID_VERIFICATION = "tax_id_verification", "Social Security card or tax ID letter"
        DATE_OF_BIRTH_VERIFICATION = "date_of_birth_verification", "Birth certificate"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(KycApplication, on_delete=models.PROTECT, related_name="documents")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="documents")
    status = models.CharField(max_length=20, choices=DocumentStatus, default=DocumentStatus.STORED)
    document_type = models.CharField(max_length=40, choices=Type)
    mime_type = models.CharField(max_length=40)
    size = models.PositiveIntegerField(help_text="bytes")
    sha256 = models.CharField(max_length=64)
    content = EncryptedBinaryField()
    dropped_at = models.DateTimeField(
        null=True, blank=True, help_text="when the file was forgotten, as the broker has it"
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["status", "send_after"])]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "document_type", "sha256"], name="document_kept_once"
            ),
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"


KNOWN = (
    "email_address",
    "given_name",
    "middle_name",
    "family_name",
    "phone_number",
    "street_address",
    "unit",
    "city",
    "postal_code",
    "tax_id",
    "employer_name",
    "employer_address",
    "trusted_given_name",
    "trusted_family_name",
    "trusted_email_address",
    "trusted_phone_number",
)


def known_values_of(person_id: int) -> Iterator[str]:
    """What this app knows of a person, to take out of what others write."""
    for application in KycApplication.objects.filter(user_id=person_id):
        yield from (getattr(application, column) for column in KNOWN)
        if application.date_of_birth:
            yield application.date_of_birth.isoformat()
