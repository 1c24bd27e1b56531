"""The model against values printed in textbooks, and against itself."""

import pytest

from sandbox.instruments.black_scholes import greeks, implied_volatility, intrinsic, value

AT_THE_MONEY = {"spot": 100.0, "strike": 100.0, "years": 1.0, "rate": 0.05, "volatility": 0.2}
# Hull, Options, Futures and Other Derivatives, example 15.6.
HULL = {"spot": 42.0, "strike": 40.0, "years": 0.5, "rate": 0.1, "volatility": 0.2}


@pytest.mark.parametrize(
    ("kind", "members", "expected"),
    [
        ("call", AT_THE_MONEY, 10.4506),
        ("put", AT_THE_MONEY, 5.5735),
        ("call", HULL, 4.76),
        ("put", HULL, 0.81),
    ],
)
def test_value_of_known_options(kind: str, members: dict[str, float], expected: float) -> None:
    assert value(kind, **members) == pytest.approx(expected, abs=0.005)  # type: ignore[arg-type]


def test_value_without_time_is_intrinsic() -> None:
    assert value("call", 105.0, 100.0, 0.0, 0.05, 0.2) == 5.0
    assert value("put", 105.0, 100.0, 0.0, 0.05, 0.2) == 0.0
    assert intrinsic("put", 95.0, 100.0) == 5.0


def test_greeks_of_known_options() -> None:
    call, put = greeks("call", **AT_THE_MONEY), greeks("put", **AT_THE_MONEY)

    assert call.delta == pytest.approx(0.6368, abs=1e-4)
    assert put.delta == pytest.approx(-0.3632, abs=1e-4)
    assert call.gamma == put.gamma == pytest.approx(0.018762, abs=1e-6)
    assert call.vega == put.vega == pytest.approx(0.37524, abs=1e-5)
    assert call.theta == pytest.approx(-6.4140 / 365, abs=1e-6)
    assert put.theta == pytest.approx(-1.6579 / 365, abs=1e-6)
    assert (call.rho, put.rho) == (pytest.approx(0.53232, abs=1e-5), pytest.approx(-0.41890, abs=1e-5))


@pytest.mark.parametrize("kind", ["call", "put"])
def test_greeks_are_the_slopes_of_the_value(kind: str) -> None:
    slopes = greeks(kind, **HULL)  # type: ignore[arg-type]

    def moved(name: str, by: float) -> float:
        up, down = ({**HULL, name: HULL[name] + step} for step in (by, -by))
        return (value(kind, **up) - value(kind, **down)) / (2 * by)  # type: ignore[arg-type]

    assert slopes.delta == pytest.approx(moved("spot", 1e-4), abs=1e-6)
    assert slopes.vega == pytest.approx(moved("volatility", 1e-5) / 100, abs=1e-6)
    assert slopes.rho == pytest.approx(moved("rate", 1e-5) / 100, abs=1e-6)
    assert slopes.theta == pytest.approx(-moved("years", 1e-5) / 365, abs=1e-6)


@pytest.mark.parametrize("kind", ["call", "put"])
@pytest.mark.parametrize("volatility", [0.05, 0.3, 1.5])
def test_implied_volatility_finds_the_volatility_of_a_value(kind: str, volatility: float) -> None:
    members = {**HULL, "volatility": volatility}
    price = value(kind, **members)  # type: ignore[arg-type]
    members.pop("volatility")

    assert implied_volatility(kind, price, **members) == pytest.approx(volatility, abs=1e-6)  # type: ignore[arg-type]


def test_implied_volatility_of_an_impossible_price() -> None:
    assert implied_volatility("call", 1.0, 110.0, 100.0, 0.5, 0.05) is None  # below intrinsic
    assert implied_volatility("call", 111.0, 110.0, 100.0, 0.5, 0.05) is None  # above the share
    assert implied_volatility("put", 1.0, 100.0, 100.0, 0.0, 0.05) is None
