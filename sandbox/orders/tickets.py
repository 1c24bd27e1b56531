"""An order request that has been checked, on its way to becoming an order."""

from decimal import Decimal

import msgspec

from sandbox.instruments.assets import Asset
from sandbox.orders.prices import Prices


class Ticket(msgspec.Struct, kw_only=True):
    """A checked order request. Exactly one of qty (shares, up to 9 dp) and notional (USD, 2 dp) is set."""

    asset: Asset
    side: str
    type: str
    time_in_force: str
    client_order_id: str
    prices: Prices
    qty: Decimal | None = None
    notional: Decimal | None = None
    extended_hours: bool = False
    order_class: str = ""  # "" is a simple one
    commission: Decimal = Decimal(0)
    commission_type: str | None = None
    subtag: str | None = None
    position_intent: str = ""

    @property
    def is_fractional(self) -> bool:
        """A fraction of a share, or an amount of money."""
        return self.qty is None or self.qty != self.qty.to_integral_value()
