"""What a journal request must satisfy, and whether it needs approval. Each check raises a refusal."""

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

from sandbox.books import ledger
from sandbox.instruments.asset_classes import asset_class_of
from sandbox.kernel.clock import market_date
from sandbox.orders.execution import open_position
from sandbox.state import rows
from sandbox.state.api import (
    Call,
    Refusal,
    decimal_of,
    encode_json,
    fixture_of,
    forbidden,
    invalid,
    malformed,
    not_found,
    uuid_of,
)  # fmt: skip
from sandbox.state.rows import ZERO
from sandbox.state.world import World

# USD; above either a journal waits for the next beginning of day.
JOURNAL_LIMIT, DAILY_LIMIT = Decimal(50), Decimal(1000)
QTY_PLACES = 9
TRANSMITTER = (
    "transmitter_name",
    "transmitter_account_number",
    "transmitter_address",
    "transmitter_financial_institution",
    "transmitter_timestamp",
)


@dataclasses.dataclass(frozen=True, slots=True)
class Wanted:
    """One journal that may be made. ``amount`` is USD for JNLC; ``qty`` shares at ``price`` for JNLS."""

    entry_type: str
    source: rows.Account
    target: rows.Account
    amount: Decimal
    description: str
    transmitter: bytes
    symbol: str = ""
    qty: Decimal = ZERO
    price: Decimal = ZERO

    @property
    def value(self) -> Decimal:
        """USD, 2 dp: what counts against the limits."""
        return self.amount if self.entry_type == "JNLC" else ledger.cents(self.qty * self.price)

    def fixture(self, moved_today: Decimal) -> str:
        """ "" within the limits; above them the status asked for in the description, or ``pending_once``."""
        if self.value <= JOURNAL_LIMIT and self.value + moved_today <= DAILY_LIMIT:
            return ""
        return fixture_of(self.description).lower() or "pending_once"


def read_journal(call: Call, body: dict[str, Any]) -> Wanted:
    """Raises 400 for a missing or wrong parameter, 404 for an unknown account, 403 for who may not."""
    kind = body.get("entry_type")
    if kind not in ("JNLC", "JNLS"):
        raise malformed("entry_type must be either JNLC or JNLS")
    amount = _amount(body) if kind == "JNLC" else ZERO
    symbol, qty = _shares(call.world, body) if kind == "JNLS" else ("", ZERO)
    _check_texts(body)
    source, target = _parties(call, body, kind)
    kept = {name: body[name] for name in TRANSMITTER if body.get(name)} if kind == "JNLC" else {}
    return Wanted(
        entry_type=kind, source=source, target=target, amount=amount, symbol=symbol, qty=qty,
        price=call.world.prices.trade(symbol, call.now) if symbol else ZERO,
        description=body.get("description") or "", transmitter=encode_json(kept) if kept else b"",
    )  # fmt: skip


def reserve(world: World, wanted: Wanted, now: dt.datetime) -> None:
    """Hold what the journal is to move. Raises a 403 when the from side has not enough."""
    if wanted.entry_type == "JNLC":
        money = ledger.open_ledger(world, wanted.source.id, now)
        if wanted.amount > ledger.free_cash(world, money, now):
            raise forbidden("the amount requested to move is not available")
        money.held += wanted.amount
        return
    position = open_position(world, wanted.source.id, wanted.symbol, now)
    if wanted.qty > position.qty - position.held:
        raise forbidden("the shares requested to move are not available")
    position.held += wanted.qty


def moved_today(world: World, now: dt.datetime) -> Decimal:
    """USD that needed no approval on this New York date."""
    today, total = market_date(now), ZERO
    for journal in reversed(world.store.journals.rows.values()):
        if market_date(journal.created_at) != today:
            break
        if not journal.fixture_status and journal.status not in ("rejected", "canceled"):
            total += journal.amount or ledger.cents(journal.qty * journal.price)
    return total


def _amount(body: dict[str, Any]) -> Decimal:
    if body.get("symbol") or body.get("qty"):
        raise malformed("symbol and qty must be empty for a JNLC journal")
    if body.get("amount") in (None, ""):
        raise malformed("amount is required for a JNLC journal")
    amount = decimal_of(body["amount"], "amount")
    if amount <= 0:
        raise malformed("amount must be greater than 0")
    return amount


def _shares(world: World, body: dict[str, Any]) -> tuple[str, Decimal]:
    if body.get("amount"):
        raise malformed("amount must be empty for a JNLS journal")
    if not isinstance(body.get("symbol"), str) or body.get("qty") in (None, ""):
        raise malformed("symbol and qty are required for a JNLS journal")
    asset = world.find_asset(body["symbol"])
    if asset is None:
        raise not_found(f"asset not found for {body['symbol'][:20]}")
    if not asset_class_of(asset.symbol).can_be_journaled:
        raise malformed(f"{asset.symbol} cannot be journaled")
    qty = decimal_of(body["qty"], "qty")
    exponent = qty.normalize().as_tuple().exponent
    if qty <= 0 or not isinstance(exponent, int) or -exponent > QTY_PLACES:
        raise malformed(f"qty must be greater than 0, with {QTY_PLACES} decimals at most")
    return asset.symbol, qty


def _check_texts(body: dict[str, Any]) -> None:
    for name, most in (("description", 1024), *((name, 255) for name in TRANSMITTER)):
        value = body.get(name)
        if value is not None and (not isinstance(value, str) or len(value) > most):
            raise invalid(f"{name} must not be longer than {most}")
    if body.get("currency") not in (None, "", "USD"):
        raise invalid("currency is invalid")


def _parties(call: Call, body: dict[str, Any], kind: str) -> tuple[rows.Account, rows.Account]:
    found = []
    for name in ("from_account", "to_account"):
        if not isinstance(body.get(name), str):
            raise malformed(f"{name} is required")
        account = call.world.store.accounts.get(uuid_of(body[name]))
        if account is None:
            raise not_found(f"{name} not found")
        found.append(account)
    source, target = found
    if source.is_firm == target.is_firm:
        raise Refusal(
            403, 40310000, "journals are only allowed between the firm account and a customer account"
        )
    if kind == "JNLS" and not source.is_firm:
        raise forbidden("securities are only journaled from the firm account to a customer account")
    if source.status not in ("ACTIVE", "ACCOUNT_CLOSED") or target.status != "ACTIVE":
        raise forbidden(f"{'to' if target.status != 'ACTIVE' else 'from'}_account is not active")
    return source, target
