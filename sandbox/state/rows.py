"""The rows the sandbox keeps: one Struct per noun, written to the log as compact arrays.

Fields are only ever appended, with a default, so that an older log still reads; anything else
needs a new ``log.FORMAT``. Parts of an account that are only echoed (contact, identity ...) stay
JSON bytes: they cost a tenth of the memory of dicts and are spliced into replies as they are.
"""

import datetime as dt
from decimal import Decimal
from typing import Literal

import msgspec

from sandbox.instruments.asset_classes import asset_class_of

ZERO = Decimal(0)

Side = Literal["buy", "sell"]
OrderType = Literal["market", "limit", "stop", "stop_limit", "trailing_stop"]
TimeInForce = Literal["day", "gtc", "opg", "cls", "ioc", "fok"]
OrderStatus = Literal[
    "accepted", "pending_new", "new", "partially_filled", "filled", "done_for_day", "canceled", "expired",
    "replaced", "pending_cancel", "pending_replace", "rejected", "held",
]  # fmt: skip
FINAL_ORDER_STATUSES = frozenset({"filled", "canceled", "expired", "replaced", "rejected"})


class Account(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="account", tag_field="row"):
    id: str
    account_number: str
    status: str
    created_at: dt.datetime
    email: str = ""
    crypto_status: str = "INACTIVE"
    currency: str = "USD"
    account_type: str = "trading"
    enabled_assets: list[str] = []
    contact: bytes = b""
    identity: bytes = b""
    disclosures: bytes = b""
    agreements: bytes = b""
    trusted_contact: bytes = b""
    kyc_results: bytes = b""
    details: bytes = b""  # top-level members that are only echoed, one JSON object
    search_text: str = ""
    margin: bool = False
    held_by_fixture: bool = False  # asked for by additional_information: no automatic progress
    names_changed: bool = False
    deposits_blocked: bool = False
    withdrawals_blocked: bool = False
    trading_blocked: bool = False
    is_firm: bool = False
    due_at: dt.datetime | None = None
    cip: bytes = b""
    options_level: int = 0  # approved by the broker; 0 to 3
    tax_id_digest: str = ""


class Ledger(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="ledger", tag_field="row"):
    """Money of one account, USD. ``id`` is the account's id."""

    id: str
    cash: Decimal = ZERO
    held: Decimal = ZERO  # reserved by orders that open a position and queued journals
    pending_in: Decimal = ZERO
    pending_out: Decimal = ZERO
    unsettled: list[tuple[dt.date, Decimal]] = []  # proceeds of closing positions by settlement date
    day: dt.date | None = None  # New York date of the last change
    last_cash: Decimal = ZERO  # cash when that date began
    memoposts: Decimal = ZERO  # part of the cash that is credit from instant funding


class Document(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="document", tag_field="row"):
    """A document uploaded by or for the owner; its content is a file of the state folder."""

    id: str
    account_id: str
    document_type: str
    document_sub_type: str
    mime_type: str
    size: int
    created_at: dt.datetime


class Relationship(
    msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="relationship", tag_field="row"
):
    id: str
    account_id: str
    created_at: dt.datetime
    updated_at: dt.datetime
    status: str
    account_owner_name: str
    bank_account_type: str = ""
    bank_account_number: str = ""
    bank_routing_number: str = ""
    nickname: str = ""
    processor_token: str = ""
    due_at: dt.datetime | None = None


class Bank(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="bank", tag_field="row"):
    """A recipient bank, for wires."""

    id: str
    account_id: str
    created_at: dt.datetime
    updated_at: dt.datetime
    status: str
    name: str
    bank_code_type: str
    bank_code: str
    account_number: str
    country: str = ""
    state_province: str = ""
    postal_code: str = ""
    city: str = ""
    street_address: str = ""
    extra_fields: bytes = b""
    due_at: dt.datetime | None = None


class Transfer(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="transfer", tag_field="row"):
    id: str
    account_id: str
    created_at: dt.datetime
    updated_at: dt.datetime
    expires_at: dt.datetime
    type: str
    status: str
    direction: str
    amount: Decimal
    requested_amount: Decimal
    relationship_id: str | None = None
    bank_id: str | None = None
    fee: Decimal = ZERO
    fee_payment_method: str = "invoice"
    reason: str | None = None
    additional_information: str = ""
    fixture_status: str = ""
    due_at: dt.datetime | None = None
    ira: bytes = b""  # what it says about taxes


class Journal(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="journal", tag_field="row"):
    id: str
    created_at: dt.datetime
    entry_type: str
    from_account: str
    to_account: str
    status: str
    amount: Decimal
    description: str = ""
    currency: str = "USD"
    settle_date: dt.date | None = None
    transmitter: bytes = b""
    fixture_status: str = ""
    idempotency_key: str = ""
    request_digest: str = ""
    due_at: dt.datetime | None = None
    symbol: str = ""
    qty: Decimal = ZERO
    price: Decimal = ZERO  # USD a share when the journal was made
    in_batch: bool = False


class InstantFunding(
    msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="instant_funding", tag_field="row"
):
    """A credit from the firm's account, to be settled by the end of its deadline."""

    id: str
    account_id: str
    source_id: str
    amount: Decimal
    created_at: dt.datetime
    system_date: dt.date
    deadline: dt.date
    status: str = "PENDING"
    settlement_id: str = ""
    idempotency_key: str = ""
    request_digest: str = ""
    due_at: dt.datetime | None = None


class Settlement(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="settlement", tag_field="row"):
    """Of instant funding: which credits the firm's cash takes the place of."""

    id: str
    created_at: dt.datetime
    updated_at: dt.datetime
    source_id: str
    total_amount: Decimal
    transfer_ids: list[str]
    additional_info: str = ""
    status: str = "PENDING"
    due_at: dt.datetime | None = None


class Order(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="order", tag_field="row"):
    id: str
    account_id: str
    client_order_id: str
    symbol: str
    side: Side
    type: OrderType
    time_in_force: TimeInForce
    status: OrderStatus
    created_at: dt.datetime
    updated_at: dt.datetime
    qty: Decimal | None = None
    notional: Decimal | None = None
    filled_qty: Decimal = ZERO
    filled_avg_price: Decimal | None = None
    limit_price: Decimal | None = None
    extended_hours: bool = False
    hold: Decimal = ZERO  # USD or shares reserved while the order is open: see reserves_cash
    filled_at: dt.datetime | None = None
    canceled_at: dt.datetime | None = None
    expired_at: dt.datetime | None = None
    failed_at: dt.datetime | None = None
    expires_at: dt.datetime | None = None
    commission: Decimal = ZERO
    subtag: str | None = None
    due_at: dt.datetime | None = None
    order_class: str = ""
    parent_id: str | None = None  # of a leg
    leg_ids: tuple[str, ...] = ()
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    hwm: Decimal | None = None  # best trade price since a trailing stop began
    triggered: bool = False  # a stop whose price was reached
    replaced_at: dt.datetime | None = None
    replaced_by: str | None = None
    replaces: str | None = None
    commission_type: str | None = None
    short: bool = False  # a sale that opens a short position, or a buy that covers one; of shares
    position_intent: str = ""  # of an option always; of shares as it was given

    @property
    def reserves_cash(self) -> bool:
        """Whether ``hold`` is USD, as of an order that opens a position; else shares of the position."""
        return (self.side == "buy") != self.short

    @property
    def writes(self) -> bool:
        """Whether it opens a written option position: ``hold`` is its collateral, shares or USD."""
        return self.position_intent == "sell_to_open" and asset_class_of(self.symbol).is_contract


class Fill(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="fill", tag_field="row"):
    """One execution; ``id`` is the activity id."""

    id: str
    account_id: str
    order_id: str
    at: dt.datetime
    price: Decimal
    qty: Decimal
    cum_qty: Decimal
    leaves_qty: Decimal
    settle_on: dt.date
    partial: bool = False
    undoes: str = ""  # the id of the execution that this one, with its negative qty, takes back


class Position(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="position", tag_field="row"):
    """``id`` is ``<account id>:<symbol>``; qty is negative for a short position, 0 for a closed one."""

    id: str
    account_id: str
    symbol: str
    qty: Decimal = ZERO
    avg_entry_price: Decimal = ZERO
    held: Decimal = ZERO  # shares reserved by open orders that close it, and journals; signed as qty is
    day: dt.date | None = None
    last_qty: Decimal = ZERO  # shares when that New York date began
    due_at: dt.datetime | None = None  # of an option: its cut-off, then its expiry
    do_not_exercise: bool = False


class Entry(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="entry", tag_field="row"):
    """A non-trade activity (CSD, CSW, JNLC ...); ``id`` is the activity id."""

    id: str
    account_id: str
    activity_type: str
    at: dt.datetime
    date: dt.date
    net_amount: Decimal
    description: str = ""
    activity_sub_type: str = ""
    transfer_id: str | None = None
    journal_id: str | None = None
    symbol: str = ""
    qty: Decimal | None = None
    price: Decimal | None = None
    per_share_amount: Decimal | None = None


class Watchlist(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="watchlist", tag_field="row"):
    id: str
    account_id: str
    name: str
    created_at: dt.datetime
    updated_at: dt.datetime
    symbols: list[str] = []


class OptionsApproval(
    msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="options_approval", tag_field="row"
):
    """A request to trade options at a level."""

    id: str
    account_id: str
    created_at: dt.datetime
    updated_at: dt.datetime
    requested_level: int
    status: str
    approved_level: int | None = None
    due_at: dt.datetime | None = None


class Portfolio(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="portfolio", tag_field="row"):
    """A model portfolio; weights and conditions are JSON lists, as they were given."""

    id: str
    name: str
    description: str
    status: str
    cooldown_days: int
    created_at: dt.datetime
    updated_at: dt.datetime
    weights: bytes = b"[]"
    conditions: bytes = b"[]"


class Subscription(
    msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="subscription", tag_field="row"
):
    """An account that follows a model portfolio."""

    id: str
    account_id: str
    portfolio_id: str
    created_at: dt.datetime
    last_rebalanced_at: dt.datetime | None = None


class RebalancingRun(
    msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="rebalancing_run", tag_field="row"
):
    """One adjustment of an account to weights; ``skipped`` is a JSON list of orders not sent."""

    id: str
    account_id: str
    portfolio_id: str
    type: str
    status: str
    created_at: dt.datetime
    updated_at: dt.datetime
    initiated_from: str = "api"
    weights: bytes = b"[]"
    order_ids: list[str] = []
    skipped: bytes = b"[]"
    reason: str = ""
    completed_at: dt.datetime | None = None
    canceled_at: dt.datetime | None = None
    due_at: dt.datetime | None = None
    is_buying: bool = False  # its sales are over


class Setting(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="setting", tag_field="row"):
    """A fact about the sandbox itself: the clock's offset, the firm account's id ..."""

    id: str
    value: str
    due_at: dt.datetime | None = None


class Fault(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="fault", tag_field="row"):
    """A failure asked for; what its members mean is in ``control_faults.arm_fault``."""

    id: str
    action: str
    method: str = "*"
    path: str = "*"  # a prefix, or a glob when it holds "*" or "?"
    times: int | None = 1  # how often it still strikes; None: without end
    rate: float | None = None  # of the calls that match; None: every one
    status: int = 500
    seconds: float = 0.0
    message: str = ""
    account_id: str = ""  # of events: only those of this account
    seed: int | None = None  # instead of the process's
    seen: int = 0  # matching calls so far


class Gone(msgspec.Struct, array_like=True, gc=False, kw_only=True, tag="gone", tag_field="row"):
    """In the log only: the row ``id`` of the table ``table`` was removed."""

    table: str
    id: str


Row = (
    Account
    | Ledger
    | Document
    | Relationship
    | Bank
    | InstantFunding
    | Settlement
    | Transfer
    | Journal
    | Order
    | Fill
    | Position
    | Entry
    | Watchlist
    | OptionsApproval
    | Portfolio
    | Subscription
    | RebalancingRun
    | Setting
    | Fault
)
LogRecord = Row | Gone
