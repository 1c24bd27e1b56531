"""Trading configurations of an account: defaults, and what each may be. Pure."""

from typing import Any

from sandbox.api import decoded_part, invalid
from sandbox.rows import Account

DEFAULTS: dict[str, Any] = {
    "fractional_trading": True,
    "max_margin_multiplier": "2",
    "no_shorting": True,
    "suspend_trade": False,
    "trade_confirm_email": "all",
    "ptp_no_exception_entry": False,
    "max_options_trading_level": None,
    "disable_overnight_trading": False,
}
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
    changes = {name: body[name] for name in DEFAULTS if body.get(name) is not None}
    for name, value in changes.items():
        # 1 == True in Python, not in JSON.
        if not any(value == choice and type(value) is type(choice) for choice in CHOICES[name]):
            raise invalid(f"invalid {name}")
    return changes


def configuration_of(account: Account) -> dict[str, Any]:
    stored = decoded_part(account.details).get("trading_configurations") or {}
    return {**DEFAULTS, **stored}
