"""Accounts: the application as sent, the account as the broker sees it.

Broker API, "Accounts" (https://docs.alpaca.markets/reference/createaccount).
"""

import logging
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import partial
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BeforeValidator, Field, model_validator

from brokerapp.broker.alpaca.models.base import (
    BrokerModel,
    Instant,
    MaybeDate,
    MaybeId,
    MaybeInstant,
    Number,
    Page,
    RequestModel,
    Text,
    Word,
    without_nul,
)

logger = logging.getLogger(__name__)


UNREADABLE = "UNREADABLE"
"""Stands for a code that could not be read: one that nobody knows, so that our staff look at it."""


def _storable(value: Any) -> Any:
    """The value without what no column takes."""
    if isinstance(value, dict):
        return {without_nul(name): _storable(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_storable(member) for member in value]
    return without_nul(value) if isinstance(value, str) else value


def _codes(odd: dict[str, Any], value: object) -> dict[str, Any]:
    """The codes of a part of the results: an object's keys, or a list; with `odd` for what is neither."""
    if isinstance(value, dict):
        return {without_nul(code): _storable(said) for code, said in value.items()}
    members = value if isinstance(value, list) else [] if value is None else [value]
    found: dict[str, Any] = {without_nul(code): {} for code in members if isinstance(code, str)}
    if len(found) < len(members):
        logger.warning("a part of the KYC results of an account could not be read")
        found |= odd
    return found


Codes = Annotated[dict[str, Any], BeforeValidator(partial(_codes, {}))]
"""KYC result codes (`ADDRESS_VERIFICATION`, …) as keys; the values are empty or details we do not use."""
OpenCodes = Annotated[dict[str, Any], BeforeValidator(partial(_codes, {UNREADABLE: {}}))]
"""The same, of what is still asked for."""


class KycResults(BrokerModel):
    """Why KYC is not through yet. Codes may be ones we do not know."""

    accept: Codes = Field(default_factory=dict)
    indeterminate: OpenCodes = Field(default_factory=dict)
    reject: OpenCodes = Field(default_factory=dict)
    additional_information: Text = ""
    summary: Text = ""

    @model_validator(mode="before")
    @classmethod
    def _odd(cls, body: Any) -> Any:
        return body if isinstance(body, (dict, cls)) else {"indeterminate": body}


class AccountContact(BrokerModel):
    """Who to match an account by when the reply to its creation was lost."""

    email_address: Text = Field(default="", repr=False)


class AccountIdentity(BrokerModel):
    """Who an account belongs to, without the tax id."""

    given_name: Text = Field(default="", repr=False)
    family_name: Text = Field(default="", repr=False)
    date_of_birth: MaybeDate = Field(default=None, repr=False)


class AccountDocument(BrokerModel):
    """A document the owner uploaded, as listed in the account."""

    id: UUID | None = None
    document_type: Text = ""
    document_sub_type: Text = ""
    created_at: MaybeInstant = None


class IssuedDocument(BrokerModel):
    """A document the broker issued. `type`: account_statement, trade_confirmation, tax_statement and others.

    `sub_type` names the form (1099-Comp, 1042-S, …), where it is one.
    """

    id: UUID
    type: Word
    sub_type: Text = ""
    name: Text = ""
    date: date


class Account(BrokerModel):
    """A brokerage account. `status` is Alpaca's word, known to us or not."""

    id: UUID
    account_number: Text = ""
    status: Word
    account_type: Text = ""
    account_sub_type: Text = ""
    primary_account_holder_id: MaybeId = None
    currency: Text = "USD"
    last_equity: Number | None = None
    created_at: MaybeInstant = None
    kyc_results: KycResults | None = None
    contact: AccountContact | None = None
    identity: AccountIdentity | None = None
    documents: Page[AccountDocument] | None = None


class Contact(RequestModel):
    """Where the person lives. `street_address` has 1 to 3 lines, `country` is ISO alpha-3."""

    email_address: str = Field(repr=False)
    phone_number: str | None = Field(default=None, repr=False)
    street_address: list[str] = Field(repr=False)
    unit: str | None = Field(default=None, repr=False)
    city: str = Field(repr=False)
    state: str | None = None
    postal_code: str | None = Field(default=None, repr=False)
    country: str | None = None


class Identity(RequestModel):
    """Who the person is. Countries are ISO alpha-3; `local_` names are in the person's own letters."""

    prefix: str | None = None
    given_name: str = Field(repr=False)
    middle_name: str | None = Field(default=None, repr=False)
    family_name: str = Field(repr=False)
    suffix: str | None = None
    local_given_name: str | None = Field(default=None, repr=False)
    local_middle_name: str | None = Field(default=None, repr=False)
    local_family_name: str | None = Field(default=None, repr=False)
    date_of_birth: date = Field(repr=False)
    tax_id: str | None = Field(default=None, repr=False)
    tax_id_type: str | None = None
    country_of_citizenship: str | None = None
    country_of_birth: str | None = None
    country_of_tax_residence: str
    permanent_resident: bool | None = None
    visa_type: str | None = None
    visa_type_other_free_text: str | None = None
    visa_expiration_date: date | None = None
    date_of_departure_from_usa: date | None = None
    funding_source: list[str]
    annual_income_min: str | None = None
    annual_income_max: str | None = None
    liquid_net_worth_min: str | None = None
    liquid_net_worth_max: str | None = None
    total_net_worth_min: str | None = None
    total_net_worth_max: str | None = None
    marital_status: str | None = None
    number_of_dependents: int | None = None
    investment_experience_with_stocks: str | None = None
    investment_experience_with_options: str | None = None


class Disclosures(RequestModel):
    """What the person disclosed. `context` has one entry per answer that is true."""

    is_control_person: bool
    is_affiliated_exchange_or_finra: bool
    is_politically_exposed: bool
    immediate_family_exposed: bool
    employment_status: str | None = None
    employer_name: str | None = None
    employer_address: str | None = Field(default=None, repr=False)
    employment_position: str | None = None
    employment_sector: str | None = None
    context: list[dict[str, Any]] | None = Field(default=None, repr=False)


class Agreement(RequestModel):
    """One agreement as signed: when, and from which address of the person (not of our server)."""

    agreement: str
    signed_at: Instant
    ip_address: str = Field(repr=False)
    revision: str | None = None


class TrustedContact(RequestModel):
    """Whom the broker may ask about the person; an e-mail address or a phone number at least."""

    given_name: str = Field(repr=False)
    family_name: str = Field(repr=False)
    email_address: str | None = Field(default=None, repr=False)
    phone_number: str | None = Field(default=None, repr=False)


class DocumentUpload(RequestModel):
    """A document: `content` is base64, at most 10 MB of it; PDF, PNG or JPEG.

    A W-8BEN may come as data instead (`content_data`, by the names of the vendor's `W8benDocument`).
    """

    document_type: str
    document_sub_type: str | None = None
    content: str | None = Field(default=None, repr=False)
    mime_type: str
    content_data: dict[str, Any] | None = Field(default=None, repr=False)


class UpdateAccountRequest(RequestModel):
    """What is to change of an account, by the names of `CreateAccountRequest`; the rest stays as it is."""

    contact: dict[str, Any] | None = Field(default=None, repr=False)
    identity: dict[str, Any] | None = Field(default=None, repr=False)
    disclosures: dict[str, Any] | None = Field(default=None, repr=False)
    trusted_contact: dict[str, Any] | None = Field(default=None, repr=False)
    agreements: list[Agreement] | None = None
    enabled_assets: list[str] | None = None
    investment_objective: str | None = None
    investment_time_horizon: str | None = None
    liquidity_needs: str | None = None
    risk_tolerance: str | None = None


class Details(BrokerModel):
    """An object as the broker tells it, to compare with what it was told."""

    said: dict[str, Any] = Field(repr=False)

    @classmethod
    def from_reply(cls, body: Any, request_id: str) -> Self:
        found = cls(said=body)
        found._request_id = request_id
        return found

    def says(self, path: str, value: Any) -> bool:
        """Whether the member at `path` (`contact.city`) is this, however the broker writes it."""
        found: Any = self.said
        for name in path.split("."):
            found = found.get(name) if isinstance(found, dict) else None
        return _alike(found, value)


def _alike(found: Any, value: Any) -> bool:
    if isinstance(value, list):
        several = found if isinstance(found, list) else []
        return len(several) == len(value) and all(map(_alike, several, value))
    if isinstance(value, dict):
        return isinstance(found, dict) and all(_alike(found.get(name), one) for name, one in value.items())
    if isinstance(value, bool) or isinstance(found, bool):
        return found is value
    if found in (None, "") or value in (None, ""):
        return found in (None, "") and value in (None, "")
    return str(found).casefold() == str(value).casefold() or _number(found) == _number(value) is not None


def _number(value: Any) -> Decimal | None:
    try:
        return Decimal(str(value))
    except InvalidOperation:
        return None


class OptionsApproval(BrokerModel):
    """A request to trade options at a level (1 covered, 2 bought, 3 combined), and what became of it."""

    id: UUID
    requested_level: int = 0
    status: Text = ""
    created_at: MaybeInstant = None


class OptionsApprovals(BrokerModel):
    """The requests of an account, newest first."""

    options_approvals: Page[OptionsApproval] = Field(default_factory=Page)


class MinorIdentity(RequestModel):
    """The child whose money a custodial account is. Countries are ISO alpha-3, `state` has two letters."""

    given_name: str = Field(repr=False)
    family_name: str = Field(repr=False)
    email: str = Field(repr=False)
    date_of_birth: date = Field(repr=False)
    tax_id: str | None = Field(default=None, repr=False)
    tax_id_type: str | None = None
    country_of_citizenship: str | None = None
    country_of_birth: str | None = None
    country_of_tax_residence: str
    state: str


class Beneficiary(RequestModel):
    """Who gets an IRA after its owner. `type` is primary or contingent; the shares of each sum to 100.

    Every member is required (OpenAPI, `Beneficiary`), the middle name too, which may be empty.
    """

    type: str
    given_name: str = Field(repr=False)
    middle_name: str = Field(default="", repr=False)
    family_name: str = Field(repr=False)
    date_of_birth: date = Field(repr=False)
    relationship: str
    share_pct: str
    tax_id: str = Field(repr=False)
    tax_id_type: str


class CreateAccountRequest(RequestModel):
    """A new account. Its e-mail address must be new to the correspondent, or it is refused (409).

    One more of the same person names `primary_account_holder_id` instead of `contact` and `identity`; the
    broker does not tell a second request for it from the first.
    """

    contact: Contact | None = None
    identity: Identity | None = None
    primary_account_holder_id: UUID | None = None
    disclosures: Disclosures
    agreements: list[Agreement]
    documents: list[DocumentUpload] | None = None
    trusted_contact: TrustedContact | None = None
    account_type: str | None = None
    account_sub_type: str | None = None
    minor_identity: MinorIdentity | None = None
    beneficiaries: list[Beneficiary] | None = Field(default=None, max_length=6)
    enabled_assets: list[str] | None = None
    trading_configurations: dict[str, Any] | None = None
    investment_objective: str | None = None
    investment_time_horizon: str | None = None
    liquidity_needs: str | None = None
    risk_tolerance: str | None = None
    additional_information: str | None = None
