"""May this bank be linked, may this money move? `check_x` raises with words for the person. Pure."""

import re
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal

from brokerapp.accounts.capabilities import Capability, check
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.money import CENT, usd
from funding import ira
from funding.ira import Facts as IraFacts
from funding.models import BankLink
from funding.statuses import BankLinkStatus, Direction

MIN_TRANSFER = Decimal("1.00")
DEPOSITS_PER_DAY = Decimal("50000.00")
"""USD that may be asked for an account in one New York day; Alpaca has limits of its own on top."""

ROUTING_WEIGHTS = (3, 7, 1) * 3
ROUTING_PREFIXES = frozenset((*range(13), *range(21, 33), *range(61, 73), 80))
"""First two digits in use: the government and the Federal Reserve's districts, thrifts, electronic banks,
traveler's checks."""


class BankDetailRefused(Exception):
    """A bank detail that cannot be right; the message says what to type."""


class TransferRefused(Exception):
    """Money may not move now; the message names the fact that blocks."""


class NoApprovedBank(TransferRefused):
    """There is no bank that Alpaca has approved."""


class AmountTooSmall(TransferRefused):
    """Under the smallest transfer."""


class OverDepositLimit(TransferRefused):
    """More deposits in a day than allowed."""


class OverWithdrawable(TransferRefused):
    """More than may leave the account now."""


class SameTransferUnsettled(TransferRefused):
    """A transfer of the same amount has no known outcome yet, so a second could not be told from it."""


class AskIra(TransferRefused):
    """Something an IRA's transfer has to say, of which `field` is the input."""

    def __init__(self, words: str, field: str) -> None:
        super().__init__(words)
        self.field = field


@dataclass(frozen=True)
class TransferFacts:
    """What the database knows that a transfer depends on; amounts in USD, 2 dp."""

    deposits_today: Decimal = Decimal("0.00")
    withdrawals_unseen: Decimal = Decimal("0.00")
    """Withdrawals, and deposits taken back, that the balances do not reflect, as they were read before."""
    unsettled_amounts: frozenset[tuple[str, Decimal]] = frozenset()
    """Direction and amount of each transfer whose outcome we do not know yet."""
    undecided_amounts: frozenset[tuple[str, Decimal]] = frozenset()
    """Those of them that staff must decide about."""
    ira: IraFacts | None = None
    """Of an IRA, and of its owner."""


def check_routing_number(number: str) -> None:
    """Raises `BankDetailRefused` unless it is nine digits, of a prefix in use, with a correct check digit."""
    if not re.fullmatch(r"\d{9}", number, re.ASCII):
        raise BankDetailRefused("Enter the nine digits of the routing number.")
    total = sum(weight * int(digit) for weight, digit in zip(ROUTING_WEIGHTS, number, strict=True))
    if total % 10 or int(number[:2]) not in ROUTING_PREFIXES or number == "000000000":
        raise BankDetailRefused(
            "That is not a routing number. Compare each digit with a check or your bank's website."
        )


def check_account_number(number: str) -> None:
    """Raises `BankDetailRefused` unless it is 4 to 17 digits, the longest that ACH carries."""
    if not re.fullmatch(r"\d{4,17}", number, re.ASCII):
        raise BankDetailRefused("Enter the account number: 4 to 17 digits, no letters.")


@dataclass(frozen=True)
class Holder:
    """The account holder's name, as on the application."""

    given: str
    middle: str
    family: str

    def __str__(self) -> str:
        return f"{self.given} {self.family}"

    def known_as(self) -> set[tuple[str, ...]]:
        """Each way in which a bank may have it: without middle names, with them, with their initials."""
        given, middle, family = (_words(part) for part in (self.given, self.middle, self.family))
        initials = tuple(word[0] for word in middle)
        return {(*given, *between, *family) for between in ((), middle, initials, middle[:1], initials[:1])}


def _words(name: str) -> tuple[str, ...]:
    """A name's words without case and the points of initials."""
    return tuple(name.casefold().replace(".", " ").replace(",", " ").split())


def check_owner_name(name: str, holder: Holder) -> None:
    """Raises `BankDetailRefused` if the bank account is not in the name of the account holder.

    Alpaca refuses such links: "bank account owner name does not match brokerage account name". A middle name
    or its initial is no other name.
    """
    if _words(name) not in holder.known_as():
        raise BankDetailRefused(f"The bank account must be in the name on your application: {holder}.")


def check_can_move_money(account: BrokerageAccount, bank: BankLink | None, capability: Capability) -> None:
    """Raises `AccountRefused` or `NoApprovedBank`."""
    check(account, capability)
    if bank is None:
        raise NoApprovedBank("Link a bank account first: money moves between it and your account.")
    if bank.status == BankLinkStatus.CANCEL_REQUESTED:
        raise NoApprovedBank("This bank is being unlinked. Link a bank again once that is done.")
    if not bank.is_approved:
        raise NoApprovedBank("Your bank is still being approved. Transfers open as soon as it is.")


def withdrawable(account: BrokerageAccount, facts: TransferFacts) -> Decimal:
    """What may leave now, USD, 2 dp down: `cash_withdrawable` less withdrawals not yet reflected in it."""
    left = account.cash_withdrawable - facts.withdrawals_unseen
    return max(left.quantize(CENT, rounding=ROUND_DOWN), Decimal("0.00"))


def check_credit(account: BrokerageAccount, amount: Decimal) -> None:
    """May the firm give the account money (USD, 2 dp)? Raises `AccountRefused` or `AmountTooSmall`."""
    check(account, Capability.DEPOSIT)
    _check_smallest(amount)


def _check_smallest(amount: Decimal) -> None:
    if amount < MIN_TRANSFER:
        raise AmountTooSmall(f"The smallest transfer is {usd(MIN_TRANSFER)}.")


def check_transfer(
    account: BrokerageAccount,
    bank: BankLink | None,
    direction: str,
    amount: Decimal,
    facts: TransferFacts,
    details: ira.Details = ira.NOTHING,
) -> None:
    """Raises `AccountRefused` or a `TransferRefused`; `amount` in USD, 2 dp. `details`: of an IRA's transfer.

    Less than the smallest transfer may leave if it is all that there is, so that an account can be emptied.
    """
    is_deposit = direction == Direction.INCOMING
    check_can_move_money(account, bank, Capability.DEPOSIT if is_deposit else Capability.WITHDRAW)
    if is_deposit or amount != withdrawable(account, facts):
        _check_smallest(amount)
    if (direction, amount) in facts.undecided_amounts:
        raise SameTransferUnsettled(
            f"Whether an earlier transfer of exactly {usd(amount)} was made could not be confirmed with the "
            "broker, and our staff are looking into it. Until they know, choose another amount, so that it "
            "cannot happen twice by mistake."
        )
    if (direction, amount) in facts.unsettled_amounts:
        raise SameTransferUnsettled(
            f"A transfer of exactly {usd(amount)} is being sent or checked with the broker. "
            "Wait until it is settled, so that it cannot happen twice by mistake, or choose another amount."
        )
    if is_deposit:
        left = DEPOSITS_PER_DAY - facts.deposits_today
        if amount > left:
            left = max(left, Decimal("0.00"))
            raise OverDepositLimit(
                f"You can deposit {usd(DEPOSITS_PER_DAY)} a day; {usd(left)} is left today."
            )
    elif amount > (most := withdrawable(account, facts)):
        raise OverWithdrawable(f"You can withdraw up to {usd(most)} now.")
    if facts.ira:
        _check_ira(is_deposit, amount, facts.ira, details)


def _check_ira(is_deposit: bool, amount: Decimal, facts: ira.Facts, details: ira.Details) -> None:
    if is_deposit:
        check_contribution(amount, facts, details)
    else:
        check_distribution(facts, details)


def check_contribution(amount: Decimal, facts: ira.Facts, details: ira.Details) -> None:
    """Raises `AskIra` unless a deposit (USD, 2 dp) counts for an open year and keeps to the year's limit."""
    year = details.tax_year
    if year is None or year not in facts.limits:
        raise AskIra("Choose the year that this deposit counts for.", "tax_year")
    if amount > (left := facts.left(year)):
        paid_in = facts.paid_in.get(year, Decimal(0))
        went = f" {usd(paid_in)} went in here already." if paid_in else ""
        by = facts.not_announced(year)
        raise AskIra(
            f"For {year} you may put {usd(facts.limits[year])} into all your IRAs.{went} You can put in up "
            f"to {usd(left)} more. More than the limit costs a tax of 6% each year.{by and f' {by}'}",
            "amount",
        )


def check_distribution(facts: ira.Facts, details: ira.Details) -> None:
    """Raises `AskIra` unless a withdrawal gives a reason that this person can give, and taxes to withhold."""
    if details.distribution_reason not in {reason.word for reason in facts.reasons}:
        raise AskIra("Choose why you take money out.", "distribution_reason")
    federal, state = details.fed_withholding_pct, details.state_withholding_pct
    if federal is None or not 0 <= federal <= ira.WHOLE:
        raise AskIra("Enter a percentage from 0 to 100.", "fed_withholding_pct")
    if state is None or not 0 <= state <= ira.WHOLE:
        raise AskIra("Enter a percentage from 0 to 100.", "state_withholding_pct")
    if federal + state > ira.WHOLE:
        raise AskIra("Both together cannot be more than 100%.", "state_withholding_pct")
