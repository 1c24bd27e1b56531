"""Assets, orders, positions, the trading account and its activities.

Broker API, "Trading" (https://docs.alpaca.markets/docs/trading).
"""

from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from brokerapp.broker.alpaca.models.base import (
    Block,
    BrokerModel,
    Flag,
    Instant,
    MaybeDate,
    MaybeId,
    MaybeInstant,
    MaybeNumber,
    MaybeWord,
    Number,
    Page,
    RequestModel,
    Text,
    Word,
    read_in_place,
    without_nul,
)
from brokerapp.units.money import parse_decimal

LATEST_SECONDS = 10**11
"""A time in seconds is less than this, one in milliseconds more."""
LATEST_MILLISECONDS = 10**14


def _words(value: object) -> list[str]:
    return [without_nul(word) for word in value if isinstance(word, str)] if isinstance(value, list) else []


Words = Annotated[list[str], BeforeValidator(_words)]
"""A list of words; what is none is left out, since it grants nothing that we know of."""


class Asset(BrokerModel):
    """A security. `status` is active or inactive; active but not tradable means that it can only be sold."""

    id: UUID
    symbol: Word
    name: Text = ""
    exchange: Text = ""
    asset_class: Text = Field(default="", alias="class")
    status: Word
    tradable: Flag
    fractionable: Flag = False
    marginable: Flag = False
    shortable: Flag = False
    attributes: Words = Field(default_factory=list)


class Order(BrokerModel):
    """An order. Prices in USD, quantities in shares; one of `qty` and `notional` is None.

    Status: accepted, pending_new, new, partially_filled, filled, done_for_day, canceled, expired, rejected,
    replaced, pending_cancel, pending_replace, held, and rarer ones.
    """

    id: UUID
    client_order_id: Word
    status: Word
    symbol: Text = ""
    asset_id: UUID | None = None
    asset_class: Text = ""
    side: Text = ""
    type: Text = ""
    time_in_force: Text = ""
    order_class: Text = ""
    extended_hours: Flag = False
    qty: MaybeNumber = None
    notional: MaybeNumber = None
    limit_price: MaybeNumber = None
    stop_price: MaybeNumber = None
    trail_price: MaybeNumber = None
    trail_percent: MaybeNumber = None
    filled_qty: Number
    filled_avg_price: MaybeNumber = None
    replaced_by: UUID | None = None
    replaces: UUID | None = None
    created_at: MaybeInstant = None
    updated_at: MaybeInstant = None
    submitted_at: MaybeInstant = None
    filled_at: MaybeInstant = None
    canceled_at: MaybeInstant = None
    expired_at: MaybeInstant = None
    failed_at: MaybeInstant = None
    legs: Page["Order"] = Field(default_factory=Page)
    """The exits of a bracket, OTO or OCO order, where it was asked for `nested`."""

    @classmethod
    def from_reply(cls, body: Any, request_id: str) -> Self:
        found = super().from_reply(body, request_id)
        for leg in found.legs:
            leg._request_id = request_id
        return found


class TakeProfit(RequestModel):
    """The exit of a bracket, OTO or OCO order that takes a gain, USD per share."""

    limit_price: Number = Field(gt=0)


class StopLoss(RequestModel):
    """The exit of a bracket, OTO or OCO order that ends a loss, USD per share."""

    stop_price: Number = Field(gt=0)
    limit_price: Number | None = Field(default=None, gt=0)


class CreateOrderRequest(RequestModel):
    """An order: exactly one of `qty` (shares, 9 dp) and `notional` (USD, 2 dp).

    A `client_order_id` used before is refused (422) and makes no second order.
    """

    symbol: str
    qty: Number | None = Field(default=None, gt=0)
    notional: Number | None = Field(default=None, gt=0)
    side: Literal["buy", "sell"]
    type: Literal["market", "limit", "stop", "stop_limit", "trailing_stop"]
    time_in_force: Literal["day", "gtc", "opg", "cls", "ioc", "fok"]
    limit_price: Number | None = Field(default=None, gt=0)
    stop_price: Number | None = Field(default=None, gt=0)
    trail_price: Number | None = Field(default=None, gt=0)
    trail_percent: Number | None = Field(default=None, gt=0)
    extended_hours: bool | None = None
    order_class: Literal["bracket", "oto", "oco"] | None = None
    take_profit: TakeProfit | None = None
    stop_loss: StopLoss | None = None
    client_order_id: str = Field(min_length=1, max_length=128)

    @model_validator(mode="after")
    def _one_size(self) -> Self:
        if (self.qty is None) == (self.notional is None):
            raise ValueError("an order needs either qty or notional")
        return self


class ReplaceOrderRequest(RequestModel):
    """What changes of an order; `client_order_id` is that of the order which takes its place.

    `qty` counts what is filled already. `trail` is the new trail price or percent, whichever the order has.
    """

    qty: Number | None = Field(default=None, gt=0)
    time_in_force: Literal["day", "gtc", "opg", "cls", "ioc", "fok"] | None = None
    limit_price: Number | None = Field(default=None, gt=0)
    stop_price: Number | None = Field(default=None, gt=0)
    trail: Number | None = Field(default=None, gt=0)
    client_order_id: str = Field(min_length=1, max_length=128)


class Position(BrokerModel):
    """Shares held. USD; `qty` of a short position is negative.

    A `cost_basis` that is missing is the average entry price of all shares, which is what it means.
    """

    asset_id: UUID
    symbol: Word
    exchange: Text = ""
    asset_class: Text = ""
    side: Text = ""
    qty: Number
    avg_entry_price: MaybeNumber = None
    cost_basis: MaybeNumber = None

    @model_validator(mode="before")
    @classmethod
    def _cost(cls, body: Any) -> Any:
        if not isinstance(body, dict) or body.get("cost_basis") not in (None, ""):
            return body
        try:
            return body | {"cost_basis": parse_decimal(body["qty"]) * parse_decimal(body["avg_entry_price"])}
        except (KeyError, ValueError):
            return body


class TradeAccount(BrokerModel):
    """Balances (USD) and what the account may do. `last_…` are as of the previous close."""

    id: UUID
    account_number: Text = ""
    status: Word
    currency: Text = "USD"
    cash: Number
    cash_withdrawable: MaybeNumber = None
    buying_power: Number
    equity: Number
    last_equity: MaybeNumber = None
    multiplier: MaybeNumber = None
    pending_transfer_in: MaybeNumber = None
    pending_transfer_out: MaybeNumber = None
    memoposts: MaybeNumber = None
    trading_blocked: Block = False
    transfers_blocked: Block = False
    account_blocked: Block = False
    trade_suspended_by_user: Block = False
    previous_close: MaybeInstant = None


UnixTime = Annotated[int, Field(ge=0, lt=LATEST_MILLISECONDS)]
Timestamps = Annotated[list[int | None], BeforeValidator(partial(read_in_place, UnixTime))]
Figures = Annotated[list[MaybeNumber], BeforeValidator(partial(read_in_place, MaybeNumber))]
"""Both stand side by side: what cannot be read is None in its place, so that none moves beside another."""


class PortfolioHistory(BrokerModel):
    """What an account was worth at some instants (Unix seconds), USD; null where the broker does not know."""

    timestamp: Timestamps = Field(default_factory=list)
    equity: Figures = Field(default_factory=list)
    timeframe: Text = ""

    def points(self) -> list[tuple[datetime, Decimal]]:
        """Instant and equity where both are told, oldest first."""
        pairs = zip(self.timestamp, self.equity, strict=False)
        return sorted((_instant(at), equity) for at, equity in pairs if at is not None and equity is not None)


def _instant(timestamp: int) -> datetime:
    """Seconds as documented; some replies have had milliseconds."""
    return datetime.fromtimestamp(timestamp / 1000 if timestamp > LATEST_SECONDS else timestamp, UTC)


class Fill(BrokerModel):
    """An execution: `price` USD, `qty` shares; `cum_qty` of its order after it.

    A negative `qty` takes an execution back; `previous_id` is the execution that this one revises, if told.
    """

    id: Word
    account_id: UUID | None = None
    activity_type: Literal["FILL"]
    type: Text = ""
    transaction_time: Instant
    symbol: Word
    side: Word
    price: Number
    qty: Number
    cum_qty: MaybeNumber = None
    order_id: MaybeId = None
    previous_id: MaybeWord = ""


class NonTrade(BrokerModel):
    """Any other activity: deposits (CSD), withdrawals (CSW), journals, dividends, fees and more. USD.

    `status` is executed, correct or canceled; `group_id` is shared by activities that belong together.
    """

    id: Word
    account_id: UUID | None = None
    activity_type: Word
    activity_sub_type: Text = ""
    date: MaybeDate = None
    net_amount: MaybeNumber = None
    description: Text = ""
    symbol: Text = ""
    qty: MaybeNumber = None
    price: MaybeNumber = None
    per_share_amount: MaybeNumber = None
    group_id: MaybeId = None
    transfer_id: MaybeId = None
    previous_id: MaybeWord = ""
    status: Text = ""
    created_at: MaybeInstant = None


def _kind(activity: Any) -> str:
    kind = (
        activity.get("activity_type")
        if isinstance(activity, dict)
        else getattr(activity, "activity_type", "")
    )
    return "fill" if kind == "FILL" else "non_trade"


Activity = Annotated[
    Annotated[Fill, Tag("fill")] | Annotated[NonTrade, Tag("non_trade")],
    Discriminator(_kind),
]


class Watched(BrokerModel):
    """A security on a list."""

    symbol: Word


class Watchlist(BrokerModel):
    """A named list of symbols. The list of lists leaves `assets` out."""

    id: UUID
    name: Text = ""
    updated_at: MaybeInstant = None
    assets: Page[Watched] | None = None
