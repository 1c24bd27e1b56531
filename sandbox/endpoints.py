"""Every endpoint the sandbox serves, collected from the modules of each area."""

from types import ModuleType

from sandbox.accounts import accounts, cip, options_approval, trading_account
from sandbox.accounts import changes as account_changes
from sandbox.accounts.documents import documents
from sandbox.books import activities
from sandbox.control import clock as control_clock
from sandbox.control import faults as control_faults
from sandbox.control import routes as control
from sandbox.control.console import actions, pages
from sandbox.control.scenarios import routes as control_scenarios
from sandbox.data import coins as crypto_data
from sandbox.data import contracts as option_reference
from sandbox.data import corporate_actions, market_actions, reference, screener
from sandbox.data import countries as country_info
from sandbox.data import options as option_data
from sandbox.data import shares as market_data
from sandbox.money import banks, instant_funding, journals
from sandbox.money import transfers as funding
from sandbox.orders import estimation, positions, replace
from sandbox.orders import orders as trading
from sandbox.orders.options import exercise
from sandbox.portfolios import portfolios as rebalancing
from sandbox.portfolios import runs as rebalancing_runs
from sandbox.records import portfolio_history, watchlists
from sandbox.state.api import Endpoint
from sandbox.streams import events

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
    market_actions,
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
