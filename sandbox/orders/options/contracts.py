"""Orders for option contracts, where they differ from those for shares: levels, collateral, expiry."""

import datetime as dt
from decimal import Decimal

from sandbox.instruments.asset_classes import OPTIONS
from sandbox.orders.options import book, orders, rules
from sandbox.orders.shares import ShareTrading
from sandbox.orders.tickets import Ticket
from sandbox.state import rows
from sandbox.state.world import World


class OptionTrading(ShareTrading):
    asset_class = OPTIONS

    def check_ticket(self, ticket: Ticket) -> None:
        rules.check_combination(ticket)
        super().check_ticket(ticket)

    def _must_stand(self, order: rows.Order) -> bool:
        return True

    def reserve(self, world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> None:
        orders.reserve(world, account, order, now)

    def spendable(self, world: World, order: rows.Order, now: dt.datetime) -> Decimal:
        return book.spendable(world, order, now)

    def add(
        self, world: World, position: rows.Position, qty: Decimal, price: Decimal, now: dt.datetime
    ) -> None:
        book.add_contracts(world, position, qty, price, now)
