"""What goes together, and the words for what does not; that the broker agrees is in test_ticket_offers."""

import pytest

from trading import legality
from trading.legality import SHARES, Choice, Situation, Size
from trading.order_types import OrderClass, OrderType, TimeInForce


def words(choice: Choice, situation: Situation | None = None) -> str:
    return " ".join(each.words for each in SHARES.conflicts(choice, situation or Situation()))


@pytest.mark.parametrize(
    ("choice", "text"),
    [
        (
            Choice(type="STOP", time_in_force="IOC"),
            "A stop order can only be good for today or until",
        ),
        (Choice(size=Size.DOLLARS, time_in_force="GTC"), "amounts in dollars can only be good for today."),
        (Choice(size=Size.FRACTION, type="TRAILING_STOP"), "A trailing stop order takes whole shares"),
        (Choice(extended_hours=True), "Outside regular hours only limit orders trade."),
        (Choice(order_class="BRACKET", side="SELL"), "choose “Take profit or stop loss” as the type"),
        (Choice(order_class="OTO", type="STOP"), "Only market and limit orders have exits."),
        (Choice(order_class="OCO", type="LIMIT", side="SELL"), "you hold none of this"),
    ],
)
def test_conflicts_say_what_does_not_go_together(choice: Choice, text: str) -> None:
    assert text in words(choice)


def test_conflicts_of_what_is_offered_are_none() -> None:
    assert not SHARES.conflicts(Choice(), Situation())
    assert not SHARES.conflicts(
        Choice(side="SELL", type="LIMIT", order_class="OCO", time_in_force="GTC"), Situation(holds=True)
    )


def test_conflicts_of_whole_shares_only_and_of_the_hour() -> None:
    shut = Situation(fractionable=False, shut={TimeInForce.OPG: "Too late for today's open."})

    found = words(Choice(size=Size.DOLLARS, time_in_force="OPG"), shut)

    assert "does not trade in fractions or dollars" in found
    assert "Too late for today's open." in found


def test_reasons_leaves_out_what_is_offered() -> None:
    found = SHARES.reasons("time_in_force", TimeInForce, Choice(size=Size.DOLLARS), Situation())

    assert set(found) == set(TimeInForce) - {TimeInForce.DAY}


def test_never_is_about_the_asset_and_the_hour_only() -> None:
    assert not SHARES.never("time_in_force", "GTC", Situation())
    assert "over the counter" in SHARES.never("time_in_force", "IOC", Situation(over_the_counter=True))
    assert "you hold none" in SHARES.never("order_class", "OCO", Situation())
    assert legality.COINS.never("order_class", "BRACKET", Situation()) == "Exits are not taken for coins."


@pytest.mark.parametrize("rules", [legality.SHARES, legality.COINS, legality.CONTRACTS])
def test_never_and_conflicts_agree_that_something_is_offered(rules: legality.OrderRules) -> None:
    situation = Situation(holds=True)
    for kind in OrderType:
        offered = any(
            not rules.conflicts(Choice(type=kind, time_in_force=time), situation) for time in TimeInForce
        )
        assert offered == (not rules.never("type", kind, situation)), kind
    assert OrderClass.SIMPLE
