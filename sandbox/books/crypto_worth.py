"""What orders for coins hold: nothing is lent on coins."""

from decimal import Decimal

from sandbox.instruments.asset_classes import COINS, asset_class_of
from sandbox.state import rows
from sandbox.state.rows import ZERO
from sandbox.state.world import World


def held_for_coins(world: World, account: rows.Account) -> Decimal:
    """USD that open orders for coins reserve; of most accounts without a look, for crypto was never open."""
    if account.crypto_status == "INACTIVE":
        return ZERO
    buys = (order for order in world.store.orders.open_of(account.id) if order.side == "buy")
    return sum((order.hold for order in buys if asset_class_of(order.symbol) is COINS), ZERO)
