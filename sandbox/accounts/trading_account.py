"""The trading account: balances and buying power; and its configuration."""

from typing import Any

from sandbox.books import ledger
from sandbox.books.configurations import checked_changes, configuration_of, options_level
from sandbox.kernel import trading_calendar
from sandbox.kernel.clock import market_date
from sandbox.state.api import Call, decoded_part, encode_numbers, endpoint, instant_text, not_found, text_of
from sandbox.state.rows import ZERO

ACCOUNT = "/v1/trading/accounts/{account_id}/account"


@endpoint("GET", ACCOUNT)
def get_trading_account(call: Call) -> dict[str, Any]:
    """Every amount USD, as text."""
    account, now = call.account(), call.now
    money = call.world.store.ledgers.rows[account.id]
    total, holdings = ledger.equity(call.world, money, now)
    power = text_of(ledger.buying_power(call.world, account, money, now))
    withdrawable = text_of(ledger.withdrawable(call.world, money, now))
    closed = trading_calendar.previous_close(now)
    blocked = account.status not in ("ACTIVE", "ACCOUNT_UPDATED")
    last_cash = ledger.last_cash(money, now)
    last_equity, last_holdings = ledger.last_equity(call.world, account.id, now)
    last_power = text_of(ledger.power_of(account, last_equity, last_cash, last_holdings))
    multiplier = ledger.multiplier(account, total)
    configuration = configuration_of(account)
    return {
        "id": account.id,
        "account_number": account.account_number,
        "status": account.status,
        "crypto_status": account.crypto_status,
        "currency": account.currency,
        "created_at": instant_text(account.created_at),
        "cash": text_of(money.cash),
        "cash_withdrawable": withdrawable,
        "cash_transferable": withdrawable,
        "buying_power": power,
        "effective_buying_power": power,
        "regt_buying_power": power,
        "non_marginable_buying_power": text_of(ledger.non_marginable_power(call.world, money, now)),
        "options_buying_power": text_of(ledger.non_marginable_power(call.world, money, now)),
        "equity": text_of(total),
        "portfolio_value": text_of(total),
        "position_market_value": text_of(holdings.total),
        "long_market_value": text_of(holdings.long + holdings.long_options),
        "short_market_value": text_of(holdings.short + holdings.short_options),
        "initial_margin": text_of(holdings.initial_margin),
        "maintenance_margin": text_of(holdings.maintenance_margin),
        "sma": "0",
        "last_equity": text_of(last_equity),
        "last_cash": text_of(last_cash),
        "last_long_market_value": text_of(last_holdings.long + last_holdings.long_options),
        "last_short_market_value": text_of(last_holdings.short + last_holdings.short_options),
        "last_initial_margin": text_of(last_holdings.initial_margin),
        "last_maintenance_margin": text_of(last_holdings.maintenance_margin),
        "last_buying_power": last_power,
        "last_regt_buying_power": last_power,
        "last_options_buying_power": text_of(max(last_cash - last_holdings.locked, ZERO)),
        "balance_asof": market_date(closed).isoformat(),
        "previous_close": closed.isoformat(),
        "accrued_fees": "0",
        "pending_reg_taf_fees": "0",
        "pending_transfer_in": text_of(money.pending_in),
        "pending_transfer_out": text_of(money.pending_out),
        "intraday_adjustments": "0",
        "memoposts": text_of(money.memoposts),
        "multiplier": str(multiplier),
        "shorting_enabled": multiplier > 1 and not configuration["no_shorting"],
        "trading_blocked": blocked or account.trading_blocked,
        "transfers_blocked": blocked or (account.deposits_blocked and account.withdrawals_blocked),
        "account_blocked": blocked,
        "trade_suspended_by_user": configuration["suspend_trade"],
        "options_approved_level": account.options_level,
        "options_trading_level": options_level(account),
        "admin_configurations": {},
        "user_configurations": None,
        "clearing_broker": "ALPACA_APCA",
    }


@endpoint("GET", "/v1/trading/accounts/{account_id}/limits")
def get_trading_limits(call: Call) -> None:
    """Always a 404: no account of the sandbox has trading limits."""
    call.account()
    raise not_found("trading limits are not configured for this account")


@endpoint("GET", ACCOUNT + "/configurations")
def get_configuration(call: Call) -> dict[str, Any]:
    return configuration_of(call.account())


@endpoint("PATCH", ACCOUNT + "/configurations")
def update_configuration(call: Call) -> dict[str, Any]:
    """Members that are null or unknown are ignored: the SDK sends both."""
    account, body = call.account(), call.json_object()
    changes = checked_changes(body)
    details = decoded_part(account.details)
    details["trading_configurations"] = {**configuration_of(account), **changes}
    call.world.store.edit(account).details = encode_numbers(details)
    return configuration_of(account)
