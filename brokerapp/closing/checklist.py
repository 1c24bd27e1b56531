"""What has to be done before an account can be closed, and what is better done before. Pure.

Broker API, "Close an account": there may be no position, no money and no open order in it.
"""

from dataclasses import dataclass
from decimal import Decimal

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.money import CENT, usd


@dataclass(frozen=True)
class Facts:
    """What is in an account, by our rows: open orders, positions and transfers that have not ended."""

    orders: int
    positions: int
    transfers: int


@dataclass(frozen=True)
class Item:
    """One line: `done` None where nobody but the person can tell, with the page that helps."""

    title: str
    text: str
    done: bool | None
    page: str
    action: str

    @property
    def state(self) -> tuple[str, str]:
        """Words and tone of its tag."""
        if self.done is None:
            return "Before you close", "info"
        return ("Done", "success") if self.done else ("To do", "warn")


class CannotClose(Exception):
    """Something is still to be done; the message says what."""


def items(account: BrokerageAccount, facts: Facts) -> list[Item]:
    """The checklist, in the order in which it is best gone through."""
    return [
        Item(
            "Open orders",
            _many(facts.orders, "open order", "Cancel it, or wait until it is filled.") or "There is none.",
            facts.orders == 0,
            "trading:orders",
            "See your orders",
        ),
        Item(
            "What you hold",
            _many(facts.positions, "position", "Sell it. What you gain may be taxed.") or "You hold nothing.",
            facts.positions == 0,
            "trading:portfolio",
            "See what you hold",
        ),
        Item(
            "Transfers on their way",
            _many(facts.transfers, "transfer", "Wait until it is complete.") or "There is none.",
            facts.transfers == 0,
            "funding:transfers",
            "See your transfers",
        ),
        _cash(account),
        Item(
            "Statements and tax papers",
            "You can still sign in and open them afterwards. Save what you want to have at hand.",
            None,
            "records:documents",
            "See your documents",
        ),
        Item(
            "Activity",
            "A file of everything that happened in the account, for your own books.",
            None,
            "records:activity",
            "See your activity",
        ),
    ]


def _many(number: int, noun: str, advice: str) -> str:
    if not number:
        return ""
    if number == 1:
        return f"One {noun}. {advice}"
    return f"{number} {noun}s. {advice.replace(' it', ' them').replace('them is', 'they are')}"


def _cash(account: BrokerageAccount) -> Item:
    title, page, action = "Money", "funding:withdraw", "Withdraw"
    if account.balances_at is None:
        text = "The broker has not told us yet what is in the account."
        return Item(title, text, False, "funding:transfers", "See your transfers")
    if account.owed:
        text = f"You owe the broker {usd(account.owed)}. Deposit it first."
        return Item(title, text, False, "funding:deposit", "Deposit")
    # What is less than a cent cannot be withdrawn; the broker decides what becomes of it.
    if account.cash < CENT and account.memoposts == 0:
        return Item(title, "There is none left.", True, page, action)
    text = f"{usd(account.cash)} of cash. Withdraw all of it."
    if account.cash_withdrawable < account.cash:
        free = usd(max(account.cash_withdrawable, Decimal(0)))
        text += f" {free} can be withdrawn now; the rest once it has settled."
    if account.is_ira:
        text += " What leaves an IRA may be taxed, and costs 10% more before you are 59½."
    return Item(title, text, False, page, action)


def check(account: BrokerageAccount, facts: Facts) -> None:
    """Raises `CannotClose` naming what is still to be done."""
    missing = [item.title.lower() for item in items(account, facts) if item.done is False]
    if missing:
        raise CannotClose(f"Not closed yet. Still to do: {', '.join(missing)}.")
