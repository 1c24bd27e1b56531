"""KYC applications and their documents: what is true of one row."""

import json
import uuid
from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar, cast

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import OpClass
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Upper
from django.utils import timezone

from brokerapp.accounts.models import SUB_TYPES, BrokerageAccount, User
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.security.blind_index import BlindIndexField, letters_and_digits_of, with_indexes
from brokerapp.security.encryption import (
    EncryptedBinaryField,
    EncryptedDateField,
    EncryptedJSONField,
    EncryptedTextField,
)
from brokerapp.workflow.writes import SentModel
from onboarding import cases  # noqa: F401  its models are this app's
from onboarding.kinds import AccountKind
from onboarding.statuses import (
    APPLICATION_TRANSITIONS,
    DOCUMENT_TRANSITIONS,
    EDITABLE_APPLICATION,
    OPEN_CHANGE,
    PROFILE_CHANGE_TRANSITIONS,
    TAX_FORM_TRANSITIONS,
    ApplicationStatus,
    DocumentStatus,
    ProfileChangeStatus,
    TaxFormStatus,
)


class KycApplicationQuerySet(models.QuerySet["KycApplication"]):
    """Reads of applications."""

    def of_person(self, user_id: int) -> "KycApplicationQuerySet":
        """A person's applications, the newest first."""
        return self.filter(user_id=user_id).order_by("-created_at")

    def in_use(self) -> "KycApplicationQuerySet":
        """Those that were sent and have become, or may still become, an account that is in use."""
        over = models.Q(account__status__in=(AccountStatus.ACCOUNT_CLOSED, AccountStatus.REJECTED))
        return self.exclude(status__in=EDITABLE_APPLICATION).exclude(over)


class KycApplication(SentModel):
    """One person's answers to the account application, as they will be sent to `POST /v1/accounts`.

    Answers can be changed while the status is editable and are frozen from the moment of submission.
    """

    TRANSITIONS = APPLICATION_TRANSITIONS
    NO_FIRST_NAME = "FNU"
    """First name unknown: what papers of the United States have for somebody with one name."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="applications")
    account = models.OneToOneField(
        BrokerageAccount, on_delete=models.PROTECT, null=True, blank=True, related_name="application"
    )
    status = models.CharField(max_length=20, choices=ApplicationStatus, default=ApplicationStatus.DRAFT)

    account_kind = models.CharField(
        "kind of account", max_length=20, choices=AccountKind, default=AccountKind.INDIVIDUAL
    )
    holder_id = models.UUIDField(
        "owner's account at the broker",
        null=True,
        blank=True,
        help_text="the account whose owner opens this one more, so that the broker is not told of them again",
    )
    email_address = models.EmailField(blank=True, help_text="As of submission.")
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
    foreign_tax_id = EncryptedTextField(blank=True)
    foreign_tax_id_index = BlindIndexField(of="foreign_tax_id", normalize=letters_and_digits_of)

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

    minor_tax_id = EncryptedTextField("child's tax id", blank=True)
    minor_tax_id_last4 = models.CharField("child's tax id, last four", max_length=4, blank=True)

    beneficiary_tax_ids = EncryptedJSONField(
        "tax ids of those who get the IRA",
        null=True,
        blank=True,
        help_text="in the order in which they are named",
    )

    answers = EncryptedJSONField(
        null=True, blank=True, help_text="answers to questions without a column of their own, by their names"
    )
    documents_answered = models.BooleanField(null=True, blank=True)
    signed_revisions = models.JSONField(
        default=dict, blank=True, help_text="the revision of each agreement that was signed, by its key"
    )

    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    objects = KycApplicationQuerySet.as_manager()

    class Meta:
        verbose_name = "KYC application"
        indexes = [
            models.Index(fields=["status", "send_after"]),
            # By the beginning of a name, in any case.
            models.Index(OpClass(Upper("given_name"), "text_pattern_ops"), name="application_given_name"),
            models.Index(OpClass(Upper("family_name"), "text_pattern_ops"), name="application_family_name"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "account_kind"],
                condition=models.Q(status=ApplicationStatus.DRAFT),
                name="application_one_draft_per_kind",
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
    def title(self) -> str:
        """Which of a person's applications it is: its kind, and for whom it is if that is somebody else."""
        if self.account_kind == AccountKind.IRA and (kind := self.answer("account_sub_type")):
            return SUB_TYPES.get(kind, self.get_account_kind_display())
        if child := self.answer("minor_given_name"):
            return f"Account for {child}"
        return self.get_account_kind_display()

    @property
    def is_editable(self) -> bool:
        """Whether answers may still change."""
        return self.status in EDITABLE_APPLICATION

    @property
    def has_answers_of_another(self) -> bool:
        """Whether it began with what an earlier application of the person says."""
        return bool(self.holder_id or self.answer("has_other_account"))

    @property
    def sent_given_name(self) -> str:
        """The first name as the broker has it, which needs one of everybody."""
        return self.given_name or self.NO_FIRST_NAME

    def get_answers_display(self) -> str:
        """The answers without a column, for staff, by the names of their questions."""
        given = {name.replace("_", " "): answer for name, answer in (self.answers or {}).items()}
        return "; ".join(f"{name}: {answer}" for name, answer in given.items())

    def answer(self, name: str) -> Any:
        """The answer to a question, by the question's name; None or empty if there is none."""
        if name in _columns():
            return getattr(self, name)
        return (self.answers or {}).get(name)

    def keep_answers(self, answers: Mapping[str, Any]) -> list[str]:
        """Set answers by their questions' names, None for none; returns the columns to save."""
        columns = [name for name in answers if name in _columns()]
        for name in columns:
            nothing = cast("models.Field[Any, Any]", self._meta.get_field(name)).get_default()
            setattr(self, name, nothing if answers[name] is None else answers[name])
        if len(columns) == len(answers):
            return columns
        others = {name: answer for name, answer in answers.items() if name not in columns}
        # As it will be read from the database again.
        kept = {**(self.answers or {}), **json.loads(json.dumps(others, cls=DjangoJSONEncoder))}
        self.answers = {name: answer for name, answer in kept.items() if answer not in (None, "", [])}
        return [*columns, "answers"]


@cache
def _columns() -> frozenset[str]:
    return frozenset(field.name for field in KycApplication._meta.concrete_fields)


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

    ASKED_FOR: ClassVar = {
        "account_approval_letter": "The firm's letter of consent (Rule 407)",
        "w8ben": "Form W-8BEN, signed",
    }
    """Types that are only uploaded when the broker asks for them."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(KycApplication, on_delete=models.PROTECT, related_name="documents")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="documents")
    status = models.CharField(max_length=20, choices=DocumentStatus, default=DocumentStatus.STORED)
    document_type = models.CharField(max_length=40, choices=Type)
    sub_type = models.CharField(max_length=40, blank=True, help_text="which paper it is: passport, …")
    answers_to = ArrayField(
        models.CharField(max_length=100),
        default=list,
        blank=True,
        help_text="the KYC results that it was sent for",
    )
    asked_as = models.CharField(
        max_length=20, blank=True, help_text="the part of the results that those were in"
    )
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

    @property
    def title(self) -> str:
        """Which paper it is."""
        return self.ASKED_FOR.get(self.document_type) or self.get_document_type_display()


def names_of(ids: frozenset[int]) -> dict[int, str]:
    """The names of people, as their newest application has them; nobody's who has given none."""
    found = KycApplication.objects.filter(user_id__in=ids).order_by("created_at")
    named = found.values_list("user_id", "given_name", "family_name")
    return {user_id: name for user_id, *parts in named if (name := " ".join(filter(None, parts)))}


class TaxForm(SentModel):
    """Form W-8BEN as a person signed it: sent with the application, or by itself when it is renewed."""

    TRANSITIONS = TAX_FORM_TRANSITIONS
    WAITING = TaxFormStatus.STORED

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    application = models.ForeignKey(KycApplication, on_delete=models.PROTECT, related_name="tax_forms")
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="tax_forms")
    status = models.CharField(max_length=20, choices=TaxFormStatus, default=TaxFormStatus.STORED)
    content = EncryptedJSONField(help_text="what the form says, by the broker's names")
    signature = EncryptedTextField(help_text="the name as it was typed to sign")
    revision = models.CharField(max_length=20)
    signed_at = models.DateTimeField()
    ip_address = models.GenericIPAddressField()
    valid_until = models.DateField()
    tax_id_dropped_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "W-8BEN"
        indexes = [models.Index(fields=["status", "send_after"], name="tax_form_waiting")]

    def __str__(self) -> str:
        return f"W-8BEN {self.pk}"


class ProfileChange(SentModel):
    """A change that a person wants made to an account, as answers by their questions' names.

    What the broker has is the application's answers, and over them those of the changes that were applied.
    """

    TRANSITIONS = PROFILE_CHANGE_TRANSITIONS

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.PROTECT, related_name="profile_changes")
    account = models.ForeignKey(BrokerageAccount, on_delete=models.PROTECT, related_name="profile_changes")
    status = models.CharField(
        max_length=20, choices=ProfileChangeStatus, default=ProfileChangeStatus.SUBMITTING
    )
    part = models.CharField(max_length=30, help_text="of the profile")
    answers = EncryptedJSONField()
    signed = EncryptedJSONField(
        null=True, blank=True, help_text="the agreement that was signed for it: which, when, from where"
    )
    follows = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="followers",
        help_text="sent only once that one is applied",
    )
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        indexes = [models.Index(fields=["status", "send_after"], name="profile_change_waiting")]
        constraints = [
            models.UniqueConstraint(
                fields=["account", "part"],
                condition=models.Q(status__in=OPEN_CHANGE),
                name="profile_change_one_open_per_part",
            ),
        ]

    def __str__(self) -> str:
        return f"change {self.pk} of {self.part}"
