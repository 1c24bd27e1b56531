"""Trading configurations of an account: defaults, what each may be, what they forbid. Pure."""

from typing import Any

from sandbox.state.api import decoded_part, forbidden, invalid
from sandbox.state.rows import Account

DEFAULTS: dict[str, Any] = {
    "fractional_trading": True,
    "max_margin_multiplier": "2",
    "no_shorting": False,
    "suspend_trade": False,
    "trade_confirm_email": "all",
    "ptp_no_exception_entry": False,
    "disable_overnight_trading": False,
}
# Shown only where it was set: the specification wants a number, and there is no number for "no cap".
OPTIONS_CAP = "max_options_trading_level"
CASH_ONLY = frozenset(("ira", "custodial"))
YES_OR_NO = (True, False)
CHOICES: dict[str, tuple[Any, ...]] = {
    "fractional_trading": YES_OR_NO,
    "max_margin_multiplier": ("1", "2", "4"),
    "no_shorting": YES_OR_NO,
    "suspend_trade": YES_OR_NO,
    "trade_confirm_email": ("all", "none"),
    "ptp_no_exception_entry": YES_OR_NO,
    "max_options_trading_level": (0, 1, 2, 3),
    "disable_overnight_trading": YES_OR_NO,
}


def checked_changes(body: Any) -> dict[str, Any]:
    """The members to change. Null and unknown ones are left out: the SDK sends both. Raises a 422."""
    if not isinstance(body, dict):
        raise invalid("trading_configurations must be an object")
    changes = {name: body[name] for name in CHOICES if body.get(name) is not None}
    for name, value in changes.items():
        # 1 == True in Python, not in JSON.
        if not any(value == choice and type(value) is type(choice) for choice in CHOICES[name]):
            raise invalid(f"invalid {name}")
    return changes


def configuration_of(account: Account) -> dict[str, Any]:
    stored = decoded_part(account.details).get("trading_configurations") or {}
    forced = {"max_margin_multiplier": "1", "no_shorting": True} if account.account_type in CASH_ONLY else {}
    return {**DEFAULTS, **stored, **forced}


def options_level(account: Account) -> int:
    """The level in force: what the broker approved, at most what the configuration allows."""
    return min(account.options_level, configuration_of(account).get(OPTIONS_CAP, 3))


def check_order(account: Account, *, is_fractional: bool = False, is_short: bool = False) -> None:
    """Raises the 403 of a configuration that forbids the order. Fractional: part of a share, or an amount."""
    configuration = configuration_of(account)
    if configuration["suspend_trade"]:
        raise forbidden("account is restricted from trading")
    if is_fractional and not configuration["fractional_trading"]:
        raise forbidden("account is not allowed to trade fractional shares")
    if is_short and configuration["no_shorting"]:
        raise forbidden("account is not allowed to short")
