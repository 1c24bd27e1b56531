"""The Broker API by noun: `client.orders.create(…)`, named as Alpaca names its endpoints.

Reference: https://docs.alpaca.markets/reference/getallaccounts and its neighbours. Every method raises
`BrokerNotDone` (`BrokerRejected`, `BrokerBusy`, `BrokerUnreachable`) or `BrokerOutcomeUnknown`; every result
has the `request_id` of its reply. Money is USD, quantities are shares; both are `Decimal`.
"""

from brokerapp.broker.alpaca.client.accounts import Accounts
from brokerapp.broker.alpaca.client.ach_relationships import AchRelationships
from brokerapp.broker.alpaca.client.activities import Activities
from brokerapp.broker.alpaca.client.assets import Assets
from brokerapp.broker.alpaca.client.cip import CipRecords
from brokerapp.broker.alpaca.client.clock import MarketClock
from brokerapp.broker.alpaca.client.documents import Documents
from brokerapp.broker.alpaca.client.journals import Journals
from brokerapp.broker.alpaca.client.orders import Orders
from brokerapp.broker.alpaca.client.portfolio_history import PortfolioHistories
from brokerapp.broker.alpaca.client.positions import Positions
from brokerapp.broker.alpaca.client.trading_accounts import TradingAccounts
from brokerapp.broker.alpaca.client.transfers import Transfers
from brokerapp.broker.alpaca.client.watchlists import Watchlists
from brokerapp.broker.alpaca.transport import Transport


class BrokerClient:
    """The Broker API over a transport."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.accounts = Accounts(transport)
        self.documents = Documents(transport)
        self.cip = CipRecords(transport)
        self.ach_relationships = AchRelationships(transport)
        self.transfers = Transfers(transport)
        self.journals = Journals(transport)
        self.assets = Assets(transport)
        self.orders = Orders(transport)
        self.positions = Positions(transport)
        self.portfolio_history = PortfolioHistories(transport)
        self.trading_accounts = TradingAccounts(transport)
        self.activities = Activities(transport)
        self.watchlists = Watchlists(transport)
        self.clock = MarketClock(transport)
