"""Books from activities: first in, first out, and every cent in one place."""

from decimal import Decimal

import pytest

from tests.trading.books import entry, on, taking_back, trade
from trading.lots import Books, Closing, Group, Lot, standing, work_out


def closed(closings: list[Closing]) -> list[tuple[str, str, str]]:
    return [(str(each.qty), str(each.proceeds), str(each.cost)) for each in closings]


def test_work_out_sells_what_was_bought_first() -> None:
    books = work_out([trade(0, "10", "1.00"), trade(1, "10", "2.00"), trade(2, "-15", "3.00")])

    assert closed(books.closings) == [("10", "30.00", "10.00"), ("5", "15.00", "10.00")]
    assert books.held == [Lot("AAPL", on(1), Decimal(5), Decimal("10.00"))]
    assert books.realized == Decimal("25.00")


def test_work_out_thirds_lose_no_cent() -> None:
    sales = [trade(1, "-1", "3.34"), trade(2, "-1", "3.34"), trade(3, "-1", "3.34")]
    books = work_out([trade(0, "3", "3.3333"), *sales])

    assert [each.cost for each in books.closings] == [Decimal("3.33"), Decimal("3.34"), Decimal("3.33")]
    assert sum(each.cost for each in books.closings) == Decimal("10.00")
    assert not books.held


def test_work_out_takes_activities_in_any_order() -> None:
    history = [trade(0, "10", "1"), trade(1, "-4", "2"), entry("CSD", 0, "10")]
    assert work_out(reversed(history)) == work_out(history)


def test_work_out_a_short_sale_gains_when_the_price_falls() -> None:
    books = work_out([trade(0, "-10", "5"), trade(1, "4", "3")])

    assert closed(books.closings) == [("-4", "20.00", "12.00")]
    assert books.held == [Lot("AAPL", on(0), Decimal(-6), Decimal("-30.00"))]


def test_work_out_a_sale_beyond_what_is_held_is_short_for_the_rest() -> None:
    books = work_out([trade(0, "2", "1.00"), trade(1, "-3", "2.00")])

    assert closed(books.closings) == [("2", "4.00", "2.00")]
    assert books.held == [Lot("AAPL", on(1), Decimal(-1), Decimal("-2.00"))]


def test_work_out_an_execution_taken_back_leaves_no_trace() -> None:
    first, second = trade(0, "10", "1", order="a"), trade(0, "10", "2", order="b")
    books = work_out([first, second, taking_back(2, second), trade(3, "-10", "3")])

    assert closed(books.closings) == [("10", "30.00", "10.00")]
    assert not books.held
    assert books.cash == Decimal("20.00")


def test_work_out_a_corrected_execution_keeps_its_day() -> None:
    wrong = trade(0, "10", "1", order="a", reference="wrong")
    later = trade(1, "10", "2", order="b")
    right = trade(5, "10", "1.5", order="a", previous="wrong")
    books = work_out([wrong, later, taking_back(5, wrong, previous="wrong"), right, trade(6, "-10", "3")])

    assert books.closings[0].opened_on == on(0)
    assert books.closings[0].cost == Decimal("15.00")


def test_standing_without_a_name_takes_back_the_last_like_it_of_the_order() -> None:
    twins = [trade(0, "1", "1", order="a"), trade(1, "1", "1", order="a"), trade(2, "1", "1", order="b")]
    assert standing([*twins, taking_back(3, twins[1])]) == [twins[0], twins[2]]


def test_work_out_what_takes_back_nothing_known_counts_by_itself() -> None:
    books = work_out([trade(0, "5", "2"), entry("FILL", 1, "4", symbol="AAPL", qty="-2", takes_back=True)])
    assert (books.cash, books.qty("AAPL")) == (Decimal("-6.00"), Decimal(3))


def test_work_out_a_split_keeps_the_cost() -> None:
    history = [trade(0, "10", "40"), trade(1, "1", "44"), entry("SPLIT", 2, symbol="AAPL", qty="33")]
    books = work_out(history)

    assert [(lot.qty, lot.cost) for lot in books.held] == [
        (Decimal(40), Decimal("400.00")),
        (Decimal(4), Decimal("44.00")),
    ]
    assert not books.closings


def test_work_out_a_reverse_split_that_does_not_come_out_even_has_all_shares() -> None:
    history = [trade(0, "1", "40"), trade(1, "1", "41"), trade(1, "1", "42")]
    books = work_out([*history, entry("SPLIT", 2, symbol="AAPL", qty="-2.571428572")])

    assert books.qty("AAPL") == Decimal("0.428571428")
    assert books.cost == Decimal("123.00")


def test_work_out_shares_from_elsewhere_are_no_gain() -> None:
    history = [entry("JNLS", 0, symbol="AAPL", qty="2", price="100"), trade(1, "-1", "110")]
    books = work_out(history)

    assert books.net_flows == Decimal("200.00")
    assert books.realized == Decimal("10.00")
    assert books.total_gain(Decimal("110.00")) == Decimal("20.00")


def test_work_out_shares_moved_away_are_no_sale() -> None:
    books = work_out([trade(0, "2", "100"), entry("JNLS", 1, symbol="AAPL", qty="-1", price="130")])

    assert books.net_flows == Decimal("-130.00")
    assert [(each.gain, each.is_sale) for each in books.closings] == [(Decimal("30.00"), False)]


def test_work_out_shares_without_a_price_have_no_known_cost() -> None:
    assert not work_out([entry("ACATS", 0, symbol="AAPL", qty="2")]).held[0].is_cost_known


def test_work_out_shares_moved_away_without_a_price_leave_at_their_cost() -> None:
    books = work_out([trade(0, "2", "100"), entry("ACATS", 1, symbol="AAPL", qty="-1")])
    assert (books.realized, books.net_flows) == (Decimal("0.00"), Decimal("-100.00"))


def test_work_out_a_new_name_keeps_lots() -> None:
    history = [
        trade(0, "2", "100", symbol="FB"),
        entry("NC", 3, symbol="FB", qty="-2"),
        entry("NC", 3, symbol="META", qty="2"),
    ]
    assert work_out(history).held == [Lot("META", on(0), Decimal(2), Decimal("200.00"))]
    assert work_out(history[:2]).held == [Lot("FB", on(0), Decimal(2), Decimal("200.00"))]


@pytest.mark.parametrize(
    ("kind", "group"),
    [
        ("DIV", Group.DIVIDEND),
        ("DIVNRA", Group.DIVIDEND),
        ("INT", Group.INTEREST),
        ("FEE", Group.FEE),
        ("VOF", Group.OTHER),
        ("A_NEW_WORD", Group.OTHER),
    ],
)
def test_work_out_cash_goes_to_its_group(kind: str, group: Group) -> None:
    books = work_out([entry(kind, 0, "1.23", symbol="AAPL", qty="10")])
    assert books.totals[group] == books.cash == Decimal("1.23")
    assert not books.held


@pytest.mark.parametrize("kind", ["CSD", "CSW", "JNLC", "ACATC"])
def test_work_out_money_in_or_out_is_no_gain(kind: str) -> None:
    books = work_out([entry(kind, 0, "-5")])
    assert books.total_gain(Decimal(0)) == 0
    assert books.flows[0].amount == Decimal(-5)


def test_work_out_a_deposit_taken_back_goes_out_on_its_own_day() -> None:
    deposit = entry("CSD", 0, "500", reference="in")
    books = work_out([deposit, entry("CSW", 4, "-500", previous="in")])
    assert [(flow.day, flow.amount) for flow in books.flows] == [
        (on(0), Decimal(500)),
        (on(4), Decimal(-500)),
    ]


def test_work_out_money_lent_until_a_deposit_arrives_is_nobodys() -> None:
    assert work_out([entry("MEM", 0, "500", symbol="INSTANTUSD")]).cash == 0


@pytest.mark.parametrize(("bought", "sold", "is_long"), [(0, 365, False), (0, 366, True), (0, 10, False)])
def test_closing_is_long_term_after_more_than_a_year(bought: int, sold: int, is_long: bool) -> None:
    books = work_out([trade(bought, "1", "1"), trade(sold, "-1", "2")])
    assert books.closings[0].is_long_term == is_long


def identity_holds(books: Books, worth: str) -> bool:
    """Whether every cent stands in one place: cash and worth are what came in and what was gained."""
    gained = books.realized + (Decimal(worth) - books.cost) + books.income
    return books.cash + Decimal(worth) == books.net_flows + gained


def test_work_out_a_merger_for_shares_carries_cost_and_days_and_gains_nothing() -> None:
    history = [trade(0, "10", "1.00", "OLD"), trade(1, "5", "2.00", "OLD")]
    legs = [entry("MA", 2, symbol="NEW", qty="7.5"), entry("MA", 2, symbol="OLD", qty="-15")]
    books = work_out([*history, *legs])

    assert not books.closings
    assert books.held == [
        Lot("NEW", on(0), Decimal(5), Decimal("10.00"), is_cost_known=False),
        Lot("NEW", on(1), Decimal("2.5"), Decimal("10.00"), is_cost_known=False),
    ]
    assert identity_holds(books, "33.00")


def test_work_out_a_merger_for_shares_and_cash_lowers_the_cost_by_the_cash() -> None:
    legs = [
        entry("MA", 2, "4.00", symbol="OLD", qty="-10", group="g"),
        entry("MA", 3, symbol="NEW", qty="3", group="g"),
    ]
    books = work_out([trade(0, "10", "1.00", "OLD"), *legs])

    assert not books.closings
    assert books.held == [Lot("NEW", on(0), Decimal(3), Decimal("6.00"), is_cost_known=False)]
    assert identity_holds(books, "6.60")


def test_work_out_a_merger_for_cash_is_a_sale() -> None:
    books = work_out([trade(0, "10", "1.00", "OLD"), entry("MA", 2, "15.00", symbol="OLD", qty="-10")])

    (closing,) = books.closings
    assert (closing.gain, closing.is_cost_known, closing.is_sale) == (Decimal("5.00"), True, True)
    assert not books.held


def test_work_out_shares_gone_for_nothing_that_is_told_have_no_known_gain() -> None:
    books = work_out([trade(0, "10", "1.00", "OLD"), entry("REORG", 2, symbol="OLD", qty="-10")])

    (closing,) = books.closings
    assert not closing.is_cost_known
    assert identity_holds(books, "0")


def test_work_out_a_spin_off_makes_both_costs_unknown() -> None:
    spun = entry("SPIN", 2, symbol="CHILD", qty="2", came_of="PARENT")
    books = work_out([trade(0, "10", "1.00", "PARENT"), trade(0, "1", "1.00", "OTHER"), spun])

    assert {lot.symbol: (lot.cost, lot.is_cost_known) for lot in books.held} == {
        "CHILD": (Decimal(0), False),
        "PARENT": (Decimal("10.00"), False),
        "OTHER": (Decimal("1.00"), True),
    }
    assert identity_holds(books, "14.00")


def test_work_out_an_exchange_of_a_part_takes_the_oldest_shares() -> None:
    history = [trade(0, "3", "1.00", "OLD"), trade(1, "3", "2.00", "OLD")]
    legs = [entry("REORG", 2, symbol="OLD", qty="-4"), entry("REORG", 2, symbol="NEW", qty="1")]
    books = work_out([*history, *legs])

    assert books.qty("NEW") == 1
    assert [(lot.qty, lot.cost) for lot in books.lots["OLD"]] == [(Decimal(2), Decimal("4.00"))]
    assert sum(lot.cost for lot in books.lots["NEW"]) == Decimal("5.00")
    assert identity_holds(books, "9.00")
