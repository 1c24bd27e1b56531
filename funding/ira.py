"""What an IRA's deposits and withdrawals say for the tax papers, beside how much. Pure.

Broker API, "Create a transfer" (`ira`), and "IRA Accounts Overview" for the reasons: what somebody over 59
and a half, or under it, can give as reason has different words there.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Self

from brokerapp.units.money import plain

DEFAULT_FEDERAL = Decimal(10)
"""Percent that are withheld of what somebody takes out who does not choose (Form W-4R)."""
WHOLE = Decimal(100)


@dataclass(frozen=True)
class Reason:
    """Why money is taken out: the broker's word, ours, and who can give it; `early` None for both ages."""

    word: str
    label: str
    sub_type: str
    early: bool | None


TOO_MUCH_NOW = "I put in too much for this year, and take it back"
TOO_MUCH_BEFORE = "I put in too much for last year, and take it back"
REASONS = (
    Reason("normal", "I am 59½ or older", "traditional", early=False),
    Reason("early_no_exception", "I take it out early, before 59½", "traditional", early=True),
    Reason("excess_removal_current_year", TOO_MUCH_NOW, "traditional", early=False),
    Reason("excess_removal_current_year_under_59.5", TOO_MUCH_NOW, "traditional", early=True),
    Reason("excess_removal_1_year_prior_over_59.5", TOO_MUCH_BEFORE, "traditional", early=False),
    Reason("excess_removal_1_year_prior_under_59.5", TOO_MUCH_BEFORE, "traditional", early=True),
    Reason("normal_roth", "I am 59½ or older", "roth", early=False),
    Reason("early_roth_no_exception", "I take it out early, before 59½", "roth", early=True),
    Reason("excess_removal_roth", TOO_MUCH_NOW, "roth", early=None),
    Reason("excess_removal_1_year_prior_roth", TOO_MUCH_BEFORE, "roth", early=None),
)
LABELS = {reason.word: reason.label for reason in REASONS}


@dataclass(frozen=True)
class Details:
    """What one transfer says: the year that a deposit counts for, or why and with what tax money leaves.

    Percents are of the amount, 2 dp; None where it is not said.
    """

    tax_year: int | None = None
    distribution_reason: str = ""
    fed_withholding_pct: Decimal | None = None
    state_withholding_pct: Decimal | None = None

    @property
    def words(self) -> dict[str, str]:
        """What is said, as texts by name, for an address."""
        said = {
            "tax_year": str(self.tax_year or ""),
            "distribution_reason": self.distribution_reason,
            "fed_withholding_pct": _text(self.fed_withholding_pct),
            "state_withholding_pct": _text(self.state_withholding_pct),
        }
        return {name: text for name, text in said.items() if text}

    @classmethod
    def read(cls, data: Mapping[str, str]) -> Self:
        """The same from such texts."""
        fed, state = (data.get(f"{part}_withholding_pct") for part in ("fed", "state"))
        return cls(
            tax_year=int(data["tax_year"]) if data.get("tax_year") else None,
            distribution_reason=data.get("distribution_reason", ""),
            fed_withholding_pct=Decimal(fed) if fed else None,
            state_withholding_pct=Decimal(state) if state else None,
        )


NOTHING = Details()
"""Of a transfer of any other account."""


def _text(percent: Decimal | None) -> str:
    return "" if percent is None else plain(percent)


@dataclass(frozen=True)
class Facts:
    """What is known of an IRA and its owner on a day (New York); amounts in USD, by the year they count
    for."""

    sub_type: str
    early: bool
    """Whether what is taken out now is taken out before 59 and a half."""
    limits: Mapping[int, Decimal] = field(default_factory=dict)
    """How much may go into all IRAs of the person for each year that is open."""
    limits_of: Mapping[int, int] = field(default_factory=dict)
    """The year whose limit that is, where the limit of the year itself is not known here yet."""
    paid_in: Mapping[int, Decimal] = field(default_factory=dict)
    """What went in here, or is on its way."""
    deadlines: Mapping[int, date] = field(default_factory=dict)

    def left(self, year: int) -> Decimal:
        """What may still be paid in for a year, USD."""
        return max(self.limits.get(year, Decimal(0)) - self.paid_in.get(year, Decimal(0)), Decimal(0))

    def not_announced(self, year: int) -> str:
        """That the limit of a year is not known here, and by which we go meanwhile; "" where it is known."""
        known = self.limits_of.get(year, year)
        if known == year:
            return ""
        return f"The limit for {year} is not entered here yet, so we go by that for {known}."

    @property
    def reasons(self) -> list[Reason]:
        """The reasons that this person can give now."""
        return [
            each for each in REASONS if each.sub_type == self.sub_type and each.early in (None, self.early)
        ]
