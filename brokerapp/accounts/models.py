"""People and their brokerage accounts: what is true of one row."""

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Lower, Right
from django.utils import timezone
from django.utils.crypto import salted_hmac

from brokerapp.accounts.statuses import (
    ACCOUNT_PATHS,
    ACCOUNT_RHYTHM,
    ACCOUNT_TRANSITIONS,
    ENDED_ACCOUNT,
    HOLD_TRANSITIONS,
    OPEN_ACCOUNT,
    AccountStatus,
    HoldReason,
    HoldStatus,
)
from brokerapp.mailing.models import NOT_ARRIVED, Arrival
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.workflow.following import FollowedModel, is_known_word
from brokerapp.workflow.state import StatusModel


class UserManager(BaseUserManager["User"]):
    """Makes people by e-mail address."""

    use_in_migrations = True

    def get(self, *args: Any, **kwargs: Any) -> "User":
        """As Django's; the person of a session, whom every page asks for, with a query that is made once."""
        if args or kwargs.keys() != {"pk"} or not isinstance(kwargs["pk"], int):
            return super().get(*args, **kwargs)
        found = find_person(kwargs["pk"])
        if not found:
            raise User.DoesNotExist
        return found[0]

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
    sign_out_count = models.PositiveIntegerField(
        default=0, editable=False, help_text="how often they were signed out everywhere"
    )
    unread_notices = models.PositiveIntegerField(
        default=0, editable=False, help_text="in their inbox; here, as every page shows it"
    )
    mail_arrival = models.CharField(
        max_length=9,
        choices=Arrival,
        blank=True,
        editable=False,
        help_text="of the newest mail to their address of which the mail provider said something",
    )
    mail_arrival_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []

    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_any_case")]
        indexes = [models.Index(fields=["-date_joined", "-id"], name="user_newest")]
        permissions = [
            ("manage_roles", "Can add staff and say which role they have"),
            ("reveal_personal_data", "Can have hidden personal data shown, with a reason"),
            ("send_password_reset", "Can send somebody the mail to reset their password"),
            ("remove_second_step", "Can take away a second step of signing in that was lost"),
        ]

    def __str__(self) -> str:
        return f"person {self.pk}"

    @property
    def mail_comes_back(self) -> bool:
        """Whether mails to their address do not arrive, as far as we know."""
        return self.mail_arrival in NOT_ARRIVED

    @property
    def masked_email(self) -> str:
        """Their address as its owner recognizes it, and nobody else: `a…@example.com`."""
        name, _, host = self.email.rpartition("@")
        return f"{name[:1]}…@{host}"

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What each session of this person is held against: counting up ends them all, wherever they are."""
        of_password: str = super()._get_session_auth_hash(secret)  # type: ignore[misc]
        if not self.sign_out_count:
            return of_password
        counted = f"{self.sign_out_count} {of_password}"
        return salted_hmac("accounts.sign_out_count", counted, secret=secret, algorithm="sha256").hexdigest()


ACCOUNT_TYPES = {"": "Individual", "trading": "Individual", "custodial": "Custodial", "ira": "IRA"}
"""What a person calls the kinds of account (Broker API, `account_type`)."""
IRA, CUSTODIAL = "ira", "custodial"
"""Kinds that differ in what they may do."""
SUB_TYPES = {"traditional": "Traditional IRA", "roth": "Roth IRA"}
"""The same of IRAs (`account_sub_type`)."""


STAND_IN = 918_273_645
"""A key that nobody has."""
find_person: FixedQuery[User] = FixedQuery(lambda pk: User.objects.filter(pk=pk), STAND_IN)


class BrokerageAccountQuerySet(models.QuerySet["BrokerageAccount"]):
    """Reads of accounts."""

    def of_person(self, user_id: int) -> "BrokerageAccountQuerySet":
        """A person's accounts, the one they use most likely first: open ones, then the newest."""
        is_open = models.Case(models.When(status__in=OPEN_ACCOUNT, then=0), default=1)
        return self.filter(user_id=user_id).order_by(is_open, "-created_at")

    def balances_due(self, now: datetime) -> "BrokerageAccountQuerySet":
        """Accounts whose balances changed or could not be read, the longest due first."""
        return self.filter(balances_due_at__lte=now).order_by("balances_due_at")


STATUS_LABELS: dict[str, str] = dict(AccountStatus.choices)
"""What a status is called."""


class BrokerageAccount(FollowedModel):
    """A person's account at Alpaca: its status and its last synced balances (USD, 2 dp or more as sent)."""

    TRANSITIONS = ACCOUNT_TRANSITIONS
    PATHS = ACCOUNT_PATHS
    BROKER_WORDS = {word.value: word.value for word in AccountStatus}
    RHYTHM = ACCOUNT_RHYTHM

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="accounts")
    broker_account_id = models.UUIDField(unique=True)
    account_number = models.CharField(max_length=20, blank=True, db_index=True)
    account_type = models.CharField(max_length=20, blank=True, help_text="the broker's word")
    account_sub_type = models.CharField(max_length=20, blank=True, help_text="of an IRA: traditional, roth")
    status = models.CharField(max_length=20, choices=AccountStatus, default=AccountStatus.SUBMITTED)
    kyc_results = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)

    account_blocked = models.BooleanField(default=False)
    trading_blocked = models.BooleanField(default=False)
    transfers_blocked = models.BooleanField(default=False)
    trade_suspended_by_user = models.BooleanField(default=False)
    closing_since = models.DateTimeField(
        null=True,
        blank=True,
        help_text="when its owner asked to have it closed; nothing else is done from then on",
    )

    cash = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    cash_withdrawable = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    buying_power = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    equity = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    multiplier = models.DecimalField(
        max_digits=4, decimal_places=1, default=Decimal(1), help_text="of buying power; above 1 with margin"
    )
    last_equity = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    pending_transfer_in = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    pending_transfer_out = models.DecimalField(max_digits=20, decimal_places=9, default=Decimal(0))
    memoposts = models.DecimalField(
        max_digits=20, decimal_places=9, default=Decimal(0), help_text="cash lent until a deposit arrives"
    )
    balances_at = models.DateTimeField(null=True, blank=True)
    balances_due_at = models.DateTimeField(
        null=True, blank=True, help_text="when they are read again, as they changed or could not be read"
    )
    failed_balance_reads = models.PositiveSmallIntegerField(default=0)

    created_at = models.DateTimeField(default=timezone.now)

    objects = BrokerageAccountQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["status", "due_at"], name="account_due"),
            # People quote the end of their number.
            models.Index(Right("account_number", 4), name="account_number_end"),
            models.Index(
                fields=["balances_due_at"],
                name="account_balances_due",
                condition=models.Q(balances_due_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"account …{self.account_number[-4:]}"

    @property
    def last4(self) -> str:
        """The end of its number, "" until the broker has given one."""
        return self.account_number[-4:]

    @property
    def title(self) -> str:
        """Which of a person's accounts it is: `Individual ••4486`."""
        kind = SUB_TYPES.get(self.account_sub_type) or ACCOUNT_TYPES.get(self.account_type, "Account")
        return f"{kind} ••{self.last4}" if self.last4 else kind

    @property
    def is_ira(self) -> bool:
        """Whether it is for retirement, so that what goes in and out is told with its year or reason."""
        return self.account_type == IRA

    @property
    def own_cash(self) -> Decimal:
        """Cash without what is lent until a deposit arrives, USD: the cash of its equity."""
        return self.cash - self.memoposts

    @property
    def owed(self) -> Decimal:
        """What the person owes the broker, USD: cash below zero."""
        return max(-self.cash, Decimal(0))

    @property
    def may_borrow(self) -> bool:
        """Whether its buying power has money in it that would be borrowed from the broker."""
        return self.multiplier > 1 or self.buying_power > max(self.cash, Decimal(0))

    @property
    def status_label(self) -> str:
        """Its status as people read it, which is not the last one where the broker's word is new to us."""
        return STATUS_LABELS[self.status] if is_known_word(self) else "Not known yet"

    @property
    def is_open(self) -> bool:
        """Whether it was approved and is in use; what it may do, `capabilities` says."""
        return self.status in OPEN_ACCOUNT

    @property
    def was_opened(self) -> bool:
        """Whether it is in use or has been: there is something to see in it."""
        return self.status in (*OPEN_ACCOUNT, *ENDED_ACCOUNT)


find_accounts: FixedQuery[BrokerageAccount] = FixedQuery(
    lambda user_id: BrokerageAccount.objects.of_person(user_id),  # noqa: PLW0108 - not made yet
    STAND_IN,
)
"""A person's accounts as `of_person` gives them."""


class WithdrawalHoldQuerySet(models.QuerySet["WithdrawalHold"]):
    """Reads of holds."""

    def in_force(self, now: datetime) -> "WithdrawalHoldQuerySet":
        """Holds that staff have not lifted and whose time is not over."""
        still = models.Q(until__isnull=True) | models.Q(until__gt=now)
        return self.filter(still, status=HoldStatus.ACTIVE)

    def current(self, user_id: int, now: datetime) -> "WithdrawalHold | None":
        """The hold of a person that lasts longest, one without an end first; None if there is none."""
        return next(iter(find_hold(user_id, now)), None)


class WithdrawalHold(StatusModel):
    """A time in which no money leaves any account of a person: until `until`, or until staff lift it."""

    TRANSITIONS = HOLD_TRANSITIONS

    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="withdrawal_holds")
    cause = models.CharField(max_length=10, choices=HoldReason)
    status = models.CharField(max_length=10, choices=HoldStatus, default=HoldStatus.ACTIVE)
    until = models.DateTimeField(null=True, blank=True, help_text="empty: until staff lift it")
    created_at = models.DateTimeField(default=timezone.now)

    objects = WithdrawalHoldQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["user", "until"], name="hold_active", condition=models.Q(status=HoldStatus.ACTIVE)
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user"],
                condition=models.Q(status=HoldStatus.ACTIVE, cause=HoldReason.SECURED),
                name="hold_secured_once",
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=False) | models.Q(cause=HoldReason.SECURED),
                name="hold_ends_but_secured",
            ),
        ]

    def __str__(self) -> str:
        return f"hold {self.pk} of person {self.user_id}, {self.get_cause_display()}"


find_hold = FixedQuery(
    lambda user_id, now: (
        WithdrawalHold.objects.in_force(now)
        .filter(user_id=user_id)
        .order_by(models.F("until").desc(nulls_first=True))[:1]
    ),
    STAND_IN,
    datetime(1900, 1, 1, tzinfo=UTC),
)
"""The hold of a person that lasts longest, in a list."""


def known_values_of(person_id: int) -> Iterator[str]:
    """What this app knows of a person, to take out of what others write."""
    yield from User.objects.filter(pk=person_id).values_list("email", flat=True)
    accounts = BrokerageAccount.objects.filter(user_id=person_id)
    yield from accounts.values_list("account_number", flat=True)


def names_of_staff(ids: frozenset[int]) -> dict[int, str]:
    """Members of staff are called by their e-mail address: their pages show no other name of them."""
    return dict(User.objects.filter(pk__in=ids, is_staff=True).values_list("pk", "email"))
