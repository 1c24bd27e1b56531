"""What an account may spend on orders, by whose money it is. Pure."""

from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from brokerapp.accounts.capabilities import NEVER, Capability
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.money import CENT, plain


@dataclass(frozen=True)
class Spending:
    """What an account may spend on orders, USD: its own cash, and what the broker would lend on top."""

    own: Decimal
    could_borrow: Decimal

    def most(self, smallest: Decimal) -> str:
        """The digits of an order for all of the own cash; empty if that is less than the smallest (USD)."""
        whole_cents = self.own.quantize(CENT, rounding=ROUND_DOWN)
        return plain(whole_cents) if whole_cents >= smallest else ""


def spending(account: BrokerageAccount, claimed: Decimal) -> Spending:
    """Buying power apart by whose money it is; `claimed` is own cash that other orders take, USD."""
    power = max(account.buying_power, Decimal(0))
    if not account.may_borrow:
        return Spending(power, Decimal(0))
    own = min(max(account.cash - claimed, Decimal(0)), power)
    if Capability.BORROW in NEVER.get(account.account_type, ()):
        return Spending(own, Decimal(0))
    return Spending(own, power - own)
