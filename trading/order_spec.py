"""An order as data: what forms, intents, rules, requests and rows are made from, and each other. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from decimal import Decimal
from typing import Any
from uuid import UUID

from brokerapp.units.money import plain
from trading.legality import Choice, Size
from trading.models import Asset, Order
from trading.order_types import EXITS, EXITS_OF_CLASS, PRICES, PRICES_OF_TYPE

NUMBERS = ("qty", "notional", *PRICES, *EXITS, "stop_loss_limit_price")
WORDS = ("side", "type", "time_in_force", "order_class")


@dataclass(frozen=True)
class OrderSpec:
    """What a person wants to trade: `qty` (shares, 9 dp) or `notional` (USD, 2 dp), at market unless said.

    Prices are USD per share. The exits of a bracket, OTO or OCO order are `take_profit_price` and
    `stop_loss_price`. `replaces` is our id of the order whose place it takes. Raises `ValueError` for a
    combination that cannot be an order.
    """

    asset: Asset
    side: str
    qty: Decimal | None = None
    notional: Decimal | None = None
    type: str = Order.Type.MARKET
    time_in_force: str = Order.TimeInForce.DAY
    order_class: str = Order.Class.SIMPLE
    limit_price: Decimal | None = None
    stop_price: Decimal | None = None
    trail_price: Decimal | None = None
    trail_percent: Decimal | None = None
    take_profit_price: Decimal | None = None
    stop_loss_price: Decimal | None = None
    stop_loss_limit_price: Decimal | None = None
    extended_hours: bool = False
    replaces: UUID | None = None

    def __post_init__(self) -> None:
        if (self.qty is None) == (self.notional is None):
            raise ValueError("an order has either qty or notional")
        if any(value is not None and value <= 0 for value in self._numbers().values()):
            raise ValueError("quantities and prices are above zero")
        is_pair = self.order_class == Order.Class.OCO
        if is_pair and self.type != Order.Type.LIMIT:
            raise ValueError("a pair of exits is a limit order")
        # A pair of exits has all its prices in the exits.
        if self._given(PRICES) not in (((),) if is_pair else PRICES_OF_TYPE[self.type]):
            raise ValueError(f"{self.type} orders do not have the prices {self._given(PRICES)}")
        if self._given(EXITS) not in EXITS_OF_CLASS[self.order_class]:
            raise ValueError(f"{self.order_class} orders do not have the exits {self._given(EXITS)}")
        if self.stop_loss_limit_price is not None and self.stop_loss_price is None:
            raise ValueError("the limit of a stop loss needs its stop")
        if self.extended_hours and self.type != Order.Type.LIMIT:
            raise ValueError("outside regular hours only limit orders trade")

    def _numbers(self) -> dict[str, Decimal | None]:
        return {name: getattr(self, name) for name in NUMBERS}

    def _given(self, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name for name in names if getattr(self, name) is not None)

    @property
    def is_buy(self) -> bool:
        return self.side == Order.Side.BUY

    @property
    def is_fractional(self) -> bool:
        """Whether it needs an asset that trades in fractions; dollars always do."""
        return self.qty is None or self.qty != self.qty.to_integral_value()

    @property
    def size(self) -> Size:
        """In which form the amount is given."""
        if self.notional is not None:
            return Size.DOLLARS
        return Size.FRACTION if self.is_fractional else Size.WHOLE

    @property
    def choice(self) -> Choice:
        """What was chosen, for the table of what goes together."""
        return Choice(
            side=self.side,
            type=self.type,
            time_in_force=self.time_in_force,
            order_class=self.order_class,
            size=self.size,
            extended_hours=self.extended_hours,
        )

    def data(self) -> dict[str, str]:
        """It as an intent's data: strings, without what stands at its default."""
        found = {"asset": str(self.asset.pk)}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name != "asset" and value != field.default:
                found[field.name] = plain(value) if isinstance(value, Decimal) else str(value)
        return found

    @classmethod
    def from_data(cls, data: Mapping[str, Any], asset: Asset) -> "OrderSpec":
        """The one that `data` was made from; `asset` is that of its id there."""
        values: dict[str, Any] = {name: Decimal(data[name]) for name in NUMBERS if name in data}
        values |= {name: data[name] for name in WORDS if name in data}
        if "replaces" in data:
            values["replaces"] = UUID(data["replaces"])
        return cls(asset=asset, extended_hours=data.get("extended_hours") == "True", **values)

    def columns(self) -> dict[str, Any]:
        """It as the columns of an order."""
        values = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if field.name not in ("asset", "replaces")
        }
        return {
            "asset": self.asset,
            "symbol": self.asset.kind.spell(self.asset.symbol),
            "replaces_id": self.replaces,
            **values,
        }

    @classmethod
    def of(cls, order: Order) -> "OrderSpec":
        """The one that an order's columns were made from."""
        values = {name: getattr(order, name) for name in (*NUMBERS, *WORDS, "extended_hours")}
        return cls(asset=order.asset, replaces=order.replaces_id, **values)
