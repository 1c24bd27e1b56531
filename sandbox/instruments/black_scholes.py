"""Black and Scholes: what an option is worth, how that changes, and the volatility a price implies. Pure.

Prices in USD a share, years as a fraction of 365 days, rate and volatility as yearly fractions (0.3 is 30 %).
"""

from math import erf, exp, log, pi, sqrt
from typing import Literal

import msgspec

Kind = Literal["call", "put"]
DAYS_A_YEAR = 365
LOWEST_VOLATILITY, HIGHEST_VOLATILITY = 0.001, 5.0
HALVINGS = 40


class Greeks(msgspec.Struct, frozen=True):
    """delta and gamma for $1 of the share, theta for a day, vega and rho for a percentage point."""

    delta: float
    gamma: float
    theta: float
    vega: float
    rho: float


def value(kind: Kind, spot: float, strike: float, years: float, rate: float, volatility: float) -> float:
    """USD a share of a European option; without time left, what exercising it would bring."""
    if years <= 0:
        return intrinsic(kind, spot, strike)
    d1, d2 = _distances(spot, strike, years, rate, volatility)
    paid = strike * exp(-rate * years)
    if kind == "call":
        return spot * _cumulative(d1) - paid * _cumulative(d2)
    return paid * _cumulative(-d2) - spot * _cumulative(-d1)


def intrinsic(kind: Kind, spot: float, strike: float) -> float:
    """USD a share that exercising brings; never negative."""
    return max(spot - strike if kind == "call" else strike - spot, 0.0)


def greeks(kind: Kind, spot: float, strike: float, years: float, rate: float, volatility: float) -> Greeks:
    """Of an option with time left; years must be positive."""
    d1, d2 = _distances(spot, strike, years, rate, volatility)
    sign = 1 if kind == "call" else -1
    paid = strike * exp(-rate * years) * _cumulative(sign * d2)
    decay = spot * _density(d1) * volatility / (2 * sqrt(years))
    return Greeks(
        delta=sign * _cumulative(sign * d1),
        gamma=_density(d1) / (spot * volatility * sqrt(years)),
        theta=(-decay - sign * rate * paid) / DAYS_A_YEAR,
        vega=spot * _density(d1) * sqrt(years) / 100,
        rho=sign * years * paid / 100,
    )


def implied_volatility(
    kind: Kind, price: float, spot: float, strike: float, years: float, rate: float
) -> float | None:
    """The volatility at which the option is worth ``price``; None where no volatility explains it."""
    low, high = LOWEST_VOLATILITY, HIGHEST_VOLATILITY
    if years <= 0 or not (
        value(kind, spot, strike, years, rate, low) < price < value(kind, spot, strike, years, rate, high)
    ):
        return None
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        if value(kind, spot, strike, years, rate, middle) < price:
            low = middle
        else:
            high = middle
    return (low + high) / 2


def _distances(
    spot: float, strike: float, years: float, rate: float, volatility: float
) -> tuple[float, float]:
    spread = volatility * sqrt(years)
    d1 = (log(spot / strike) + (rate + volatility**2 / 2) * years) / spread
    return d1, d1 - spread


def _cumulative(x: float) -> float:
    return (1 + erf(x / sqrt(2))) / 2


def _density(x: float) -> float:
    return exp(-x * x / 2) / sqrt(2 * pi)
