"""What kind of instrument a symbol names, told by its spelling: one object for each asset class.

These are the facts. What orders do in each class is in ``sandbox.orders.asset_classes``.
"""

from sandbox.instruments.option_contracts import MULTIPLIER, OCC_TAIL, SHORTEST


class AssetClass:
    """Shares; the others say where they differ."""

    name = "us_equity"
    multiplier = 1  # shares that one unit stands for
    decimals = 9  # of an executed quantity
    has_whole_units = True  # a part of a whole position is whole again
    trades_always = False
    is_contract = (
        False  # on something else: in no list of assets, valued apart, and written as well as bought
    )
    is_lent_on = True
    can_be_estimated = True
    has_corporate_actions = True
    can_be_journaled = True
    can_be_rebalanced = True
    can_be_revised = True  # its executions, by the exchange

    def shown(self, symbol: str) -> str:
        """The symbol as positions, fees and activities name it."""
        return symbol

    def share_of(self, symbol: str) -> str:
        """The symbol whose halt is a halt of this one too."""
        return symbol


class Coins(AssetClass):
    """Pairs against the dollar: BTC/USD in orders, BTCUSD in positions. Nothing is lent on coins."""

    name = "crypto"
    has_whole_units = False
    trades_always = True
    is_lent_on = False
    can_be_estimated = False
    has_corporate_actions = False
    can_be_journaled = False
    can_be_rebalanced = False
    can_be_revised = False

    def shown(self, symbol: str) -> str:
        return symbol.replace("/", "")


class Options(AssetClass):
    """Contracts under their OCC symbols."""

    name = "us_option"
    multiplier = MULTIPLIER
    decimals = 0
    is_contract = True
    is_lent_on = False
    can_be_journaled = False
    can_be_rebalanced = False
    can_be_revised = False

    def share_of(self, symbol: str) -> str:
        return symbol[:-OCC_TAIL]


SHARES, COINS, OPTIONS = AssetClass(), Coins(), Options()


def asset_class_of(symbol: str) -> AssetClass:
    """The class of a symbol that is known to exist: no other is as long as an option's, or has a slash."""
    if len(symbol) >= SHORTEST:
        return OPTIONS
    return COINS if "/" in symbol else SHARES
