"""People, KYC applications, documents and brokerage accounts: what is true of one row."""

import uuid
from decimal import Decimal

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from brokerapp.crypto import EncryptedBinaryField, EncryptedTextField
from brokerapp.state import StatusModel
from onboarding.statuses import (
    ACCOUNT_TRANSITIONS,
    APPLICATION_TRANSITIONS,
    DOCUMENT_TRANSITIONS,
    EDITABLE_APPLICATION,
    SETTLED_ACCOUNT,
    AccountStatus,
    ApplicationStatus,
    DocumentStatus,
)


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address."""

    use_in_migrations = True

    def create_user(self, email: str, password: str | None = None, **columns: object) -> "User":
        """A person with the given e-mail (stored in lower case) and password (unusable if None)."""
        user = self.model(email=email.lower(), **columns)
        user.set_password(password)
        user.save()
        return user

    def create_superuser(self, email: str, password: str | None = None, **columns: object) -> "User":
        """A person who may do everything in the admin site."""
        return self.create_user(email, password, is_staff=True, is_superuser=True, **columns)

    def get_by_natural_key(self, email: str | None) -> "User":
        return self.get(email__iexact=email)


class User(AbstractUser):
    """A person who signs in by e-mail: an end user or member of staff. Names are in the KYC application."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField("e-mail address", unique=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]

    def __str__(self) -> str:
        return f"person {self.pk}"


class KycApplication(StatusModel):
    """One person's answers to the account application, as they will be sent to `POST /v1/accounts`.

    Answers can be changed while the status is editable and are frozen from the moment of submission.
    """

    TRANSITIONS = APPLICATION_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="application")
    status = models.CharField(max_length=20, choices=ApplicationStatus, default=ApplicationStatus.DRAFT)

    email_address = models.EmailField(blank=True, help_text="The person's, as of submission.")
    given_name = models.CharField(max_length=50, blank=True)
    middle_name = models.CharField(max_length=50, blank=True)
    family_name = models.CharField(max_length=50, blank=True)
    phone_number = models.CharField(max_length=16, blank=True)
    street_address = models.CharField(max_length=100, blank=True)
    unit = models.CharField(max_length=20, blank=True)
    city = models.CharField(max_length=50, blank=True)
    state = models.CharField(max_length=2, blank=True)
    postal_code = models.CharField(max_length=10, blank=True)

    date_of_birth = models.DateField(null=True, blank=True)
    country_of_citizenship = models.CharField(max_length=3, blank=True)
    country_of_birth = models.CharField(max_length=3, blank=True)
    permanent_resident = models.BooleanField(null=True, blank=True)
    tax_id = EncryptedTextField(blank=True)
    tax_id_type = models.CharField(max_length=20, blank=True)
    tax_id_last4 = models.CharField(max_length=4, blank=True)

    funding_source = ArrayField(models.CharField(max_length=30), default=list, blank=True)
    employment_status = models.CharField(max_length=20, blank=True)
    employer_name = models.CharField(max_length=100, blank=True)
    employer_address = models.CharField(max_length=200, blank=True)
    employment_position = models.CharField(max_length=100, blank=True)

    is_control_person = models.BooleanField(null=True, blank=True)
    is_affiliated_exchange_or_finra = models.BooleanField(null=True, blank=True)
    is_politically_exposed = models.BooleanField(null=True, blank=True)
    immediate_family_exposed = models.BooleanField(null=True, blank=True)
    disclosure_context = models.JSONField(default=list, blank=True)

    wants_trusted_contact = models.BooleanField(null=True, blank=True)
    trusted_given_name = models.CharField(max_length=50, blank=True)
    trusted_family_name = models.CharField(max_length=50, blank=True)
    trusted_email_address = models.EmailField(max_length=100, blank=True)
    trusted_phone_number = models.CharField(max_length=16, blank=True)

    documents_answered = models.BooleanField(null=True, blank=True)
    agreements_signed = models.BooleanField(null=True, blank=True)

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "KYC application"
        indexes = [models.Index(fields=["status", "status_at"])]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(status__in=EDITABLE_APPLICATION) | models.Q(submitted_at__isnull=False),
                name="application_sent_has_time",
            )
        ]

    def __str__(self) -> str:
        return f"application {self.pk}"

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


class BrokerageAccountQuerySet(models.QuerySet["BrokerageAccount"]):
    """Reads of accounts."""

    def unsettled(self) -> "BrokerageAccountQuerySet":
        """Accounts whose status will change by itself, so that it must be polled."""
        return self.exclude(status__in=SETTLED_ACCOUNT)


class BrokerageAccount(StatusModel):
    """A person's account at Alpaca: its status and its last synced balances (USD, 2 dp or more as sent)."""

    TRANSITIONS = ACCOUNT_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.OneToOneField(User, on_delete=models.PROTECT, related_name="account")
    application = models.OneToOneField(KycApplication, on_delete=models.PROTECT, related_name="account")
    broker_account_id = models.UUIDField(unique=True)
    account_number = models.CharField(max_length=20, blank=True, db_index=True)
    status = models.CharField(max_length=20, choices=AccountStatus, default=AccountStatus.SUBMITTED)
    broker_status = models.CharField(max_length=40, blank=True)
    kyc_results = models.JSONField(null=True, blank=True)

    cash = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    cash_withdrawable = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    buying_power = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    equity = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    last_equity = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    balances_at = models.DateTimeField(null=True, blank=True)

    created_at = models.DateTimeField(default=timezone.now)
    synced_at = models.DateTimeField(null=True, blank=True)

    objects = BrokerageAccountQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["status", "status_at"])]

    def __str__(self) -> str:
        return f"account …{self.account_number[-4:]}"

    @property
    def is_active(self) -> bool:
        """Whether Alpaca lets this account fund and trade."""
        return self.status == AccountStatus.ACTIVE


class Document(StatusModel):
    """A file a person uploaded for KYC: encrypted here, sent to Alpaca once the account exists."""

    TRANSITIONS = DOCUMENT_TRANSITIONS

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
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["status", "status_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["application", "document_type", "sha256"], name="document_kept_once"
            ),
        ]

    def __str__(self) -> str:
        return f"document {self.pk}"
