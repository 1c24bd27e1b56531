"""People and their brokerage accounts: what is true of one row."""

import uuid
from decimal import Decimal

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone

from brokerapp.accounts.statuses import ACCOUNT_TRANSITIONS, SETTLED_ACCOUNT, AccountStatus
from brokerapp.workflow.state import StatusModel


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


class BrokerageAccountQuerySet(models.QuerySet["BrokerageAccount"]):
    """Reads of accounts."""

    def unsettled(self) -> "BrokerageAccountQuerySet":
        """Accounts whose status will change by itself, so that it must be polled."""
        return self.exclude(status__in=SETTLED_ACCOUNT)


class BrokerageAccount(StatusModel):
    """A person's account at Alpaca: its status and its last synced balances (USD, 2 dp or more as sent)."""

    TRANSITIONS = ACCOUNT_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="accounts")
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
