"""Every endpoint the sandbox serves, collected from the modules of each area."""

from types import ModuleType

from sandbox import (
    account_changes,
    accounts,
    activities,
    banks,
    cip,
    control,
    control_clock,
    control_faults,
    control_scenarios,
    corporate_actions,
    country_info,
    crypto_data,
    documents,
    estimation,
    events,
    exercise,
    funding,
    instant_funding,
    journals,
    market_data,
    option_data,
    option_reference,
    options_approval,
    portfolio_history,
    positions,
    rebalancing,
    rebalancing_runs,
    reference,
    replace,
    screener,
    trading,
    trading_account,
    watchlists,
)  # fmt: skip
from sandbox.api import Endpoint
from sandbox.console import actions, pages

# In order: /v1/accounts/activities must be found before /v1/accounts/{account_id}.
AREAS: tuple[ModuleType, ...] = (
    trading,
    replace,
    estimation,
    exercise,
    positions,
    trading_account,
    portfolio_history,
    activities,
    watchlists,
    cip,
    options_approval,
    country_info,
    accounts,
    account_changes,
    documents,
    banks,
    funding,
    instant_funding,
    journals,
    reference,
    corporate_actions,
    rebalancing,
    rebalancing_runs,
    market_data,
    option_reference,
    option_data,
    crypto_data,
    screener,
    control,
    control_clock,
    control_faults,
    control_scenarios,
    pages,
    actions,
)

ENDPOINTS: list[Endpoint] = [
    *(
        endpoint
        for area in AREAS
        for handler in vars(area).values()
        if getattr(handler, "__module__", None) == area.__name__
        for endpoint in getattr(handler, "endpoints", ())
    ),
    *events.ENDPOINTS,
]
