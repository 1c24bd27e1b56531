"""What keeps an account from buying or selling an asset, for pages that have the way to it."""

from typing import Any

from brokerapp.accounts.access import AccountRequiredMixin, Blocked
from brokerapp.accounts.capabilities import Capability
from trading import rules
from trading.models import Asset, Order


def why_closed(page: AccountRequiredMixin, asset: Asset, side: str) -> Blocked | None:
    """What keeps the page's account, or anybody, from trading this on that side; None if nothing does."""
    blocked = page.blocked_from(rules.CAPABILITIES[side])
    if blocked is not None:
        return blocked
    try:
        rules.check_asset(asset, side)
    except rules.TradeRefused as refusal:
        return Blocked(str(refusal))
    return None


def closed_context(page: AccountRequiredMixin, asset: Asset) -> dict[str, Any]:
    """What `trading/_trade_buttons.html` and `trading/_closed.html` go by."""
    blocked = page.blocked_from(Capability.TRADE)
    to_buy, to_sell = (why_closed(page, asset, side) for side in (Order.Side.BUY, Order.Side.SELL))
    return {
        "blocked": blocked,
        "closed_to_buy": to_buy,
        "closed_to_sell": to_sell,
        "is_closed": bool(blocked or (to_buy and to_sell)),
    }
