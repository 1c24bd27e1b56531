"""Scenarios: what is rare or slow at the real broker, on request and on a chosen account.

A scenario is a function ``(act) -> str`` that changes the world through the same functions as the
endpoints and says in one sentence what it did. Raises a Refusal when the account is not in a state for it.
"""

import dataclasses
import datetime as dt
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from sandbox.state import rows
from sandbox.state.api import decimal_of, invalid
from sandbox.state.world import World

Group = str
GROUPS: tuple[Group, ...] = ("Account", "Money", "Trading", "Corporate actions", "Documents and events")


@dataclasses.dataclass(frozen=True, slots=True)
class Field:
    """An option of a scenario; ``choices`` makes it a list, ``many`` one with several answers."""

    name: str
    label: str
    default: str = ""
    choices: tuple[str, ...] = ()
    many: bool = False


@dataclasses.dataclass(slots=True)
class Act:
    """One performance of a scenario: where, when, on whom, with which options."""

    world: World
    now: dt.datetime
    options: Mapping[str, Any]
    chosen: rows.Account | None = None

    @property
    def account(self) -> rows.Account:
        if self.chosen is None:
            raise invalid("account_id is required")
        return self.chosen

    def text(self, name: str) -> str:
        value = self.options.get(name)
        return str(value).strip()[:500] if value is not None else ""

    def many(self, name: str) -> list[str]:
        value = self.options.get(name) or []
        return [str(item).strip()[:100] for item in (value if isinstance(value, list) else [value])]

    def amount(self, name: str, default: str = "") -> Decimal:
        """A positive number. Raises a 422."""
        value = self.options.get(name)
        number = decimal_of(default if value in (None, "") else value, name)
        if number <= 0:
            raise invalid(f"{name} must be greater than 0")
        return number

    def symbol(self) -> str:
        asset = self.world.find_asset(self.text("symbol"))
        if asset is None:
            raise invalid("symbol is not known")
        return asset.symbol


@dataclasses.dataclass(frozen=True, slots=True)
class Scenario:
    name: str
    title: str
    hint: str
    group: Group
    fields: tuple[Field, ...]
    of_account: bool
    run: Callable[[Act], str]


SCENARIOS: dict[str, Scenario] = {}
Run = Callable[[Act], str]


def scenario(
    group: Group, title: str, hint: str, *fields: Field, of_account: bool = True
) -> Callable[[Run], Run]:
    """Register a function under its own name."""

    def register(run: Run) -> Run:
        SCENARIOS[run.__name__] = Scenario(run.__name__, title, hint, group, fields, of_account, run)
        return run

    return register


def play(world: World, name: str, account_id: str, options: Mapping[str, Any], now: dt.datetime) -> str:
    """Perform a scenario, in the caller's transaction; returns what it did. Raises a Refusal."""
    found = SCENARIOS.get(name)
    if found is None:
        raise invalid(f"unknown scenario: one of {', '.join(SCENARIOS)} is expected")
    account = world.store.accounts.get(account_id.lower())
    if account is None and (account_id or found.of_account):
        raise invalid("account_id must be the id of an account")
    if account is not None and account.is_firm and found.of_account:
        raise invalid("scenarios are for customers' accounts, not for the firm's own")
    return found.run(Act(world=world, now=now, options=options, chosen=account))
