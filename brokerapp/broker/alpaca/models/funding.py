"""Bank links, transfers and journals.

Broker API, "Funding" and "Journals" (https://docs.alpaca.markets/docs/funding-via-ach, …/docs/journals-api).
"""

from typing import Literal
from uuid import UUID

from pydantic import Field

from brokerapp.broker.alpaca.models.base import (
    BrokerModel,
    MaybeDate,
    MaybeId,
    MaybeInstant,
    MaybeNumber,
    Number,
    RequestModel,
    Text,
    Word,
)


class AchRelationship(BrokerModel):
    """A bank account linked for ACH. Status: QUEUED, PENDING, APPROVED, REJECTED, CANCEL_REQUESTED."""

    id: UUID
    account_id: MaybeId = None
    status: Word
    account_owner_name: Text = Field(default="", repr=False)
    bank_account_type: Text = ""
    bank_account_number: Text = Field(default="", repr=False)
    bank_routing_number: Text = Field(default="", repr=False)
    nickname: Text = ""
    created_at: MaybeInstant = None
    updated_at: MaybeInstant = None


class CreateAchRelationshipRequest(RequestModel):
    """Links a bank by its numbers. An account may have one active link: a second one is a 409."""

    account_owner_name: str = Field(repr=False)
    bank_account_type: Literal["CHECKING", "SAVINGS"]
    bank_account_number: str = Field(repr=False)
    bank_routing_number: str = Field(repr=False)
    nickname: str | None = None


class Transfer(BrokerModel):
    """Money on its way in or out, USD.

    Status: QUEUED, APPROVAL_PENDING, PENDING, SENT_TO_CLEARING, APPROVED, COMPLETE, REJECTED, CANCELED,
    RETURNED, EXPIRED. COMPLETE can still become RETURNED. `amount` is `requested_amount` less the fee.
    """

    id: UUID
    account_id: MaybeId = None
    relationship_id: MaybeId = None
    type: Text = ""
    status: Word
    amount: Number
    direction: Word
    reason: Text = ""
    requested_amount: MaybeNumber = None
    created_at: MaybeInstant = None
    updated_at: MaybeInstant = None


class TaxWithholding(RequestModel):
    """What is kept back of a distribution for taxes, in percent of it."""

    fed_pct: Number = Field(ge=0, le=100)
    state_pct: Number = Field(ge=0, le=100)


class TransferIra(RequestModel):
    """Of an IRA's transfer: the year that a deposit counts for, or why money is taken out."""

    tax_year: str | None = None
    distribution_reason: str | None = None
    tax_withholding: TaxWithholding | None = None


class CreateTransferRequest(RequestModel):
    """An ACH transfer, USD. A lost reply must be settled by listing, never by sending it again."""

    transfer_type: Literal["ach"] = "ach"
    relationship_id: UUID
    amount: Number = Field(gt=0)
    direction: Literal["INCOMING", "OUTGOING"]
    timing: Literal["immediate"] = "immediate"
    ira: TransferIra | None = None
    additional_information: str | None = None


class Journal(BrokerModel):
    """Cash (JNLC) or shares (JNLS) moved between the firm's account and a customer's.

    Status: queued, sent_to_clearing, pending, executed, rejected, refused, canceled, deleted, correct.
    """

    id: UUID
    entry_type: Word
    from_account: UUID
    to_account: UUID
    status: Word
    net_amount: MaybeNumber = None
    symbol: Text = ""
    qty: MaybeNumber = None
    price: MaybeNumber = None
    settle_date: MaybeDate = None
    description: Text = ""
    created_at: MaybeInstant = None


class CreateJournalRequest(RequestModel):
    """A journal: `amount` (USD) for JNLC, `symbol` and `qty` for JNLS."""

    entry_type: Literal["JNLC", "JNLS"]
    from_account: UUID
    to_account: UUID
    amount: Number | None = Field(default=None, gt=0)
    symbol: str | None = None
    qty: Number | None = Field(default=None, gt=0)
    description: str | None = Field(default=None, max_length=1024)
