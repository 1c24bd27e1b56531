"""Orders for coins, where they differ from those for shares: cash alone, a fee, settled at once."""

import datetime as dt
from decimal import Decimal
from typing import Any

from sandbox.books import ledger
from sandbox.instruments.asset_classes import COINS
from sandbox.instruments.assets import Asset
from sandbox.orders import states as order_states
from sandbox.orders.crypto import books, rules
from sandbox.orders.shares import ShareTrading
from sandbox.orders.tickets import Ticket
from sandbox.state import rows
from sandbox.state.world import World


class CoinTrading(ShareTrading):
    asset_class = COINS
    most_qty = rules.MOST_QTY
    closing_time_in_force = rules.CLOSING_TIME_IN_FORCE
    has_fractional_setting = False

    def check_words(self, kind: str, time_in_force: str, order_class: str, body: dict[str, Any]) -> None:
        rules.check_words(kind, time_in_force, order_class, body)

    def check_ticket(self, ticket: Ticket) -> None:
        if ticket.qty is not None:
            rules.check_qty(ticket.asset, ticket.qty)

    def check_account(self, account: rows.Account) -> None:
        rules.check_account(account)

    def check_new_qty(self, asset: Asset, old: Decimal, qty: Decimal) -> None:
        rules.check_qty(asset, qty)

    def check_new_time(self, asset: Asset, order: rows.Order, time_in_force: str) -> None:
        rules.check_time_in_force(order.type, time_in_force)

    def reserve(self, world: World, account: rows.Account, order: rows.Order, now: dt.datetime) -> None:
        check = books.cash_for if order.side == "buy" else books.coins_for
        order_states.hold(world, order, check(world, account, order, now), now)

    def spendable(self, world: World, order: rows.Order, now: dt.datetime) -> Decimal:
        return ledger.non_marginable_power(world, world.store.ledgers.rows[order.account_id], now)

    def charge_fee(
        self, world: World, order: rows.Order, position: rows.Position, qty: Decimal, price: Decimal,
        now: dt.datetime,
    ) -> None:  # fmt: skip
        books.charge_fee(world, order, position, qty, price, now)

    def settles_on(self, day: dt.date) -> dt.date:
        return day
