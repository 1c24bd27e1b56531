"""What orders for coins hold: nothing is lent on coins."""

from decimal import Decimal

from sandbox.instruments.crypto_pairs import is_pair
from sandbox.state import rows
from sandbox.state.rows import ZERO
from sandbox.state.world import World


def held_for_coins(world: World, account: rows.Account) -> Decimal:
    """USD that open orders for coins reserve; of most accounts without a look, for crypto was never open."""
    if account.crypto_status == "INACTIVE":
        return ZERO
    orders = world.store.orders.open_of(account.id)
    return sum((order.hold for order in orders if order.side == "buy" and is_pair(order.symbol)), ZERO)
