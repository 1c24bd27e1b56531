from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from trading import asset_classes, rules
from trading.asset_classes import CRYPTO, US_EQUITY
from trading.models import Asset, MarketClock, Order, Quote
from trading.order_spec import OrderSpec
from trading.rules import Facts
from trading.spending import Spending
from trading.statuses import OrderStatus

NOW = datetime(2026, 3, 7, 15, 0, tzinfo=UTC)


def asset(**columns: object) -> Asset:
    values = {
        "asset_class": "us_equity",
        "status": "active",
        "tradable": True,
        "fractionable": True,
        "name": "Apple Inc.",
        **columns,
    }
    return Asset(id=uuid4(), symbol="AAPL", **values)


def quote(**columns: object) -> Quote:
    prices = {"bid": Decimal(199), "ask": Decimal(201), "last": Decimal(200), **columns}
    return Quote(as_of=NOW, synced_at=NOW, **prices)


def clock(is_open: bool) -> MarketClock:
    return MarketClock(
        is_open=is_open, next_open=NOW + timedelta(days=2), next_close=NOW + timedelta(hours=6), synced_at=NOW
    )


def facts(**values: Any) -> Facts:
    power = values.pop("buying_power", Decimal(100))
    account = BrokerageAccount(
        status=values.pop("status", AccountStatus.ACTIVE),
        buying_power=power,
        cash=values.pop("cash", power),
        multiplier=values.pop("multiplier", Decimal(1)),
    )
    given: dict[str, Any] = {
        "held_qty": Decimal(3),
        "reserved_qty": Decimal(0),
        "quote": quote(),
        "clock": clock(is_open=True),
        **values,
    }
    return Facts(account=account, **given)


def buy(**values: Any) -> OrderSpec:
    size: dict[str, Any] = {} if "notional" in values else {"qty": Decimal("0.42")}
    return OrderSpec(**{"asset": asset(), "side": Order.Side.BUY, **size, **values})


def sell(qty: str) -> OrderSpec:
    return OrderSpec(asset=asset(), side=Order.Side.SELL, qty=Decimal(qty))


def estimated(ticket: OrderSpec, given: Facts) -> rules.Estimate:
    found = rules.estimate(ticket, given)
    assert found
    return found


def refusal(ticket: OrderSpec, given: Facts) -> rules.TradeRefused:
    with pytest.raises(rules.TradeRefused) as raised:
        rules.check_can_trade(ticket, given)
    return raised.value


def test_check_can_trade_buy_within_buying_power() -> None:
    rules.check_can_trade(buy(), facts())


def test_check_can_trade_account_not_active_says_why() -> None:
    assert "in review" in str(refusal(buy(), facts(status=AccountStatus.SUBMITTED)))


def test_check_can_trade_inactive_asset() -> None:
    assert "no longer traded" in str(refusal(buy(asset=asset(status="inactive")), facts()))


def test_check_can_trade_untradable_asset_refuses_buys_only() -> None:
    frozen = asset(tradable=False)

    assert refusal(buy(asset=frozen), facts()).field == "side"
    rules.check_can_trade(OrderSpec(asset=frozen, side=Order.Side.SELL, qty=Decimal(1)), facts())


@pytest.mark.parametrize("size", [{"qty": Decimal("0.5")}, {"notional": Decimal(50)}])
def test_check_can_trade_fraction_of_whole_shares_only(size: dict[str, Decimal]) -> None:
    found = refusal(buy(asset=asset(fractionable=False), **size), facts())

    assert found.field == "amount"
    assert "whole shares only" in str(found)


def test_check_can_trade_whole_number_of_whole_shares_only() -> None:
    whole = buy(asset=asset(fractionable=False), qty=Decimal("2.000"))

    rules.check_can_trade(whole, facts(buying_power=Decimal("402.00")))


def test_check_can_trade_beyond_buying_power_has_the_numbers() -> None:
    found = refusal(buy(qty=Decimal("0.5")), facts())

    assert str(found) == "Not enough buying power: this comes to about $100.50 and you have $100.00."


def test_check_can_trade_all_the_buying_power_in_dollars() -> None:
    rules.check_can_trade(buy(notional=Decimal("100.00")), facts())
    assert "comes to $100.01" in str(refusal(buy(notional=Decimal("100.01")), facts()))


def test_check_can_trade_below_the_minimum_of_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asset_classes, "OFFERED", (CRYPTO,))
    coin = asset(asset_class="crypto")

    found = refusal(buy(asset=coin, notional=Decimal("9.99"), time_in_force="GTC"), facts())

    assert "smallest order is $10.00" in str(found)


def test_check_can_trade_below_the_minimum() -> None:
    assert "smallest order is $1.00" in str(refusal(buy(qty=Decimal("0.001")), facts()))


def test_check_can_trade_without_a_price_leaves_it_to_the_broker() -> None:
    rules.check_can_trade(buy(qty=Decimal(1000000)), facts(quote=None))


def test_check_can_trade_sell_nothing_held() -> None:
    assert refusal(sell("1"), facts(held_qty=Decimal(0))).field == "side"


def test_check_can_trade_sell_all() -> None:
    rules.check_can_trade(sell("3"), facts())


def test_check_can_trade_sell_what_open_orders_are_selling() -> None:
    found = refusal(sell("1.5"), facts(reserved_qty=Decimal(2)))

    assert str(found) == (
        "You hold 3 AAPL, and open orders are selling 2 of them, so 1 can be sold and not 1.5."
    )


def test_check_can_trade_sell_more_dollars_than_held() -> None:
    ticket = OrderSpec(asset=asset(), side=Order.Side.SELL, notional=Decimal(1000))

    assert "so 3 can be sold and not about 5.02" in str(refusal(ticket, facts()))


def test_check_can_trade_while_closed_is_allowed() -> None:
    rules.check_can_trade(buy(), facts(clock=clock(is_open=False)))


def test_estimate_takes_the_far_side_while_open_and_the_last_trade_while_closed() -> None:
    open_facts, closed_facts = facts(), facts(clock=clock(is_open=False))

    assert estimated(buy(), open_facts).price == Decimal(201)
    assert estimated(sell("1"), open_facts).price == Decimal(199)
    assert estimated(buy(), closed_facts).price == Decimal(200)


def test_estimate_one_sided_quote_falls_back_to_the_last_trade() -> None:
    assert estimated(buy(), facts(quote=quote(ask=None))).price == Decimal(200)


def test_estimate_dollars_rounds_shares_down() -> None:
    found = estimated(buy(notional=Decimal(100)), facts(quote=quote(ask=Decimal(3))))

    assert found.qty == Decimal("33.333333333")
    assert found.value == Decimal(100)


@pytest.mark.parametrize(
    ("seen", "moved"), [("199.01", False), ("199.00", True), ("198.9", True), ("203.1", True)]
)
def test_check_price(seen: str, moved: bool) -> None:
    if moved:
        with pytest.raises(rules.PriceMoved, match="Nothing was sent"):
            rules.check_price(Decimal(seen), buy(), facts())
    else:
        rules.check_price(Decimal(seen), buy(), facts())


@pytest.mark.parametrize(
    ("status", "asked", "allowed"),
    [
        (OrderStatus.NEW, None, True),
        (OrderStatus.PARTIALLY_FILLED, None, True),
        (OrderStatus.NEW, NOW, False),
        (OrderStatus.PENDING_CANCEL, None, False),
        (OrderStatus.PENDING_REPLACE, None, False),
        (OrderStatus.UNKNOWN, None, False),
        (OrderStatus.SUBMITTING, None, False),
        (OrderStatus.FILLED, None, False),
        (OrderStatus.NOT_PLACED, None, False),
    ],
)
def test_can_cancel(status: OrderStatus, asked: datetime | None, allowed: bool) -> None:
    assert rules.can_cancel(Order(status=status, cancel_requested_at=asked)) is allowed


@pytest.mark.parametrize(
    ("ticket", "given", "refused"),
    [
        ({"asset": {"status": "inactive"}}, {}, rules.NoLongerTraded),
        ({"asset": {"tradable": False}}, {}, rules.NotTradable),
        ({"asset": {"fractionable": False}}, {}, rules.WholeSharesOnly),
        ({"qty": Decimal("0.001")}, {}, rules.TooSmall),
        ({"qty": Decimal(5)}, {}, rules.NotEnoughBuyingPower),
        ({"side": "SELL"}, {"held_qty": Decimal(0)}, rules.NothingHeld),
        ({"side": "SELL", "qty": Decimal(4)}, {}, rules.NotEnoughShares),
        ({"side": "SELL", "qty": Decimal(2)}, {"reserved_qty": Decimal(2)}, rules.SharesHeld),
        ({}, {"status": AccountStatus.DISABLED}, rules.MayNotTrade),
    ],
)
def test_check_can_trade_has_a_class_for_each_refusal(
    ticket: dict[str, Any], given: dict[str, Any], refused: type[rules.TradeRefused]
) -> None:
    values = {**ticket, "asset": asset(**ticket.get("asset", {}))}

    assert type(refusal(buy(**values), facts(**given))) is refused


def test_estimate_of_a_limit_order_is_at_its_limit() -> None:
    ticket = buy(qty=Decimal(2), type="LIMIT", limit_price=Decimal("7.5"))

    assert estimated(ticket, facts(quote=None)).value == Decimal(15)


def test_estimate_of_a_limit_order_that_the_market_beats_is_at_the_market() -> None:
    found = estimated(buy(qty=Decimal(2), type="LIMIT", limit_price=Decimal(250)), facts())

    assert (found.price, found.value, found.most) == (Decimal(201), Decimal(402), Decimal(500))


def test_check_can_trade_sell_in_dollars_needs_shares_for_its_limit() -> None:
    ticket = OrderSpec(
        asset=asset(), side="SELL", notional=Decimal(400), type="LIMIT", limit_price=Decimal(100)
    )

    assert "not about 4" in str(refusal(ticket, facts()))


def test_estimate_of_a_coin_takes_no_notice_of_market_hours() -> None:
    ticket = buy(asset=asset(asset_class="crypto"))

    assert estimated(ticket, facts(clock=clock(is_open=False))).price == Decimal(201)


@pytest.mark.parametrize("asset_class", ["crypto", "us_option", "us_treasury"])
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_check_asset_of_a_class_that_is_not_offered(asset_class: str, side: str) -> None:
    with pytest.raises(rules.NotOffered, match=r"Apple Inc\. is not traded here"):
        rules.check_asset(asset(asset_class=asset_class), side)


SMALLEST = US_EQUITY.smallest_order
MARGIN = {"cash": Decimal(5000), "buying_power": Decimal(10000), "multiplier": Decimal(2)}


def test_spending_of_a_cash_account_is_its_buying_power() -> None:
    found = facts(cash=Decimal(5000), buying_power=Decimal("1999.50")).spending

    assert (found.own, found.could_borrow, found.most(SMALLEST)) == (Decimal("1999.50"), 0, "1999.5")


def test_spending_with_margin_is_own_cash_and_what_could_be_borrowed() -> None:
    found = facts(**MARGIN).spending

    assert (found.own, found.could_borrow, found.most(SMALLEST)) == (Decimal(5000), Decimal(5000), "5000")


def test_spending_with_margin_without_what_open_orders_take() -> None:
    given = facts(**{**MARGIN, "buying_power": Decimal(4000)}, claimed_cash=Decimal(6000))

    assert given.spending == Spending(Decimal(0), Decimal(4000))
    assert given.spending.most(SMALLEST) == ""


def test_spending_that_owes_already_has_no_own_cash() -> None:
    found = facts(cash=Decimal(-300), buying_power=Decimal(700), multiplier=Decimal(1)).spending

    assert found == Spending(Decimal(0), Decimal(700))


@pytest.mark.parametrize(
    ("notional", "borrows"), [("5000.00", "0"), ("5000.01", "0.01"), ("8000.00", "3000.00")]
)
def test_borrowing_is_what_goes_beyond_own_cash(notional: str, borrows: str) -> None:
    assert rules.borrowing(buy(notional=Decimal(notional)), facts(**MARGIN)) == Decimal(borrows)


def test_borrowing_without_a_price_is_the_most_it_can_come_to() -> None:
    assert rules.borrowing(buy(qty=Decimal(1)), facts(**MARGIN, quote=None)) == Decimal(5000)
    assert rules.borrowing(buy(qty=Decimal(1)), facts(quote=None)) == 0


def test_borrowing_of_a_sale_is_none() -> None:
    assert rules.borrowing(sell("3"), facts(cash=Decimal(-5), buying_power=Decimal(5))) == 0


@pytest.mark.parametrize(
    ("agreed", "refused"), [(None, True), ("2919.99", True), ("2920.00", False), ("3000.00", False)]
)
def test_check_borrowing_takes_what_was_agreed_to(agreed: str | None, refused: bool) -> None:
    amount = Decimal(agreed) if agreed else None
    ticket = buy(notional=Decimal("8000.00"))
    if refused:
        with pytest.raises(rules.BorrowingNotAgreed, match=r"Nothing was sent: .* borrows about \$3,000\.00"):
            rules.check_borrowing(amount, ticket, facts(**MARGIN))
    else:
        rules.check_borrowing(amount, ticket, facts(**MARGIN))


def test_check_borrowing_from_own_cash_needs_no_agreement() -> None:
    rules.check_borrowing(None, buy(notional=Decimal("5000.00")), facts(**MARGIN))


def test_check_can_trade_beyond_buying_power_says_whose_money_it_is() -> None:
    assert str(refusal(buy(notional=Decimal("10000.01")), facts(**MARGIN))) == (
        "Not enough buying power: this comes to $10,000.01 and you have $5,000.00 of your own and could "
        "borrow $5,000.00."
    )


def test_check_can_trade_words_have_quantities_in_groups() -> None:
    found = refusal(sell("1500"), facts(held_qty=Decimal("1234.5")))

    assert str(found) == "You hold 1,234.5 AAPL, so 1,234.5 can be sold and not 1,500."


@pytest.mark.parametrize(
    ("ticket", "given", "field"),
    [
        ({"time_in_force": "GTC"}, {}, "time_in_force"),
        ({"notional": Decimal(50), "time_in_force": "GTC"}, {}, "time_in_force"),
        ({"type": "TRAILING_STOP", "trail_price": Decimal(1)}, {}, "type"),
        ({"type": "STOP", "stop_price": Decimal(150)}, {}, "stop_price"),
        ({"qty": Decimal(1), "order_class": "OTO", "stop_loss_price": Decimal(250)}, {}, "stop_loss_price"),
        ({"type": "LIMIT", "limit_price": Decimal("1.001")}, {}, "limit_price"),
    ],
)
def test_check_can_trade_says_at_which_input_it_is_wrong(
    ticket: dict[str, Any], given: dict[str, Any], field: str
) -> None:
    assert refusal(buy(**ticket), facts(**given)).field == field


def test_check_can_trade_partnership_can_only_be_sold() -> None:
    barred = asset(attributes=["ptp_no_exception"])

    assert "it cannot be bought here" in str(refusal(buy(asset=barred), facts()))
    rules.check_can_trade(OrderSpec(asset=barred, side=Order.Side.SELL, qty=Decimal(1)), facts())


def test_check_can_trade_that_could_meet_an_open_order_names_it() -> None:
    other = Order(**sell("1").columns())

    found = refusal(buy(), facts(standing=[other]))

    assert isinstance(found, rules.WashTrade)
    assert found.other is other


def test_check_can_trade_stop_needs_cash_up_to_its_collar() -> None:
    stop = buy(qty=Decimal(1), type="STOP", stop_price=Decimal(210))

    rules.check_can_trade(stop, facts(buying_power=Decimal("215.25")))
    assert "comes to up to $215.25" in str(refusal(stop, facts(buying_power=Decimal("215.24"))))


@pytest.mark.parametrize(
    ("ticket", "seen", "moved"),
    [
        ({"type": "LIMIT", "limit_price": Decimal(190)}, "215", False),
        ({"type": "LIMIT", "limit_price": Decimal(205)}, "210", True),
        ({"type": "LIMIT", "limit_price": Decimal(200)}, "199", True),
        ({"type": "STOP", "stop_price": Decimal(250)}, "100", False),
        ({"type": "TRAILING_STOP", "trail_price": Decimal(9)}, "190", True),
    ],
)
def test_check_price_of_orders_with_a_price_of_their_own(
    ticket: dict[str, Any], seen: str, moved: bool
) -> None:
    given = buy(qty=Decimal(1), **ticket)
    if moved:
        with pytest.raises(rules.PriceMoved):
            rules.check_price(Decimal(seen), given, facts())
    else:
        rules.check_price(Decimal(seen), given, facts())


def test_check_price_age_asks_again_once() -> None:
    later = NOW + timedelta(seconds=31)

    rules.check_price_age(False, facts(), NOW)
    with pytest.raises(rules.PriceTooOld):
        rules.check_price_age(False, facts(), later)
    with pytest.raises(rules.PriceTooOld):
        rules.check_price_age(False, facts(quote=None), NOW)
    rules.check_price_age(True, facts(), later)


@pytest.mark.parametrize(("kind", "could_borrow"), [("trading", "100"), ("ira", "0"), ("custodial", "0")])
def test_spending_of_a_kind_that_never_borrows_is_its_own_cash(kind: str, could_borrow: str) -> None:
    given = facts(buying_power=Decimal(200), cash=Decimal(100), multiplier=Decimal(2))
    given.account.account_type = kind
    assert given.spending == Spending(Decimal(100), Decimal(could_borrow))


@pytest.mark.parametrize(
    ("asset_class", "kind", "refused"),
    [
        ("crypto", "ira", True),
        ("us_option", "ira", False),
        ("us_option", "custodial", True),
        ("crypto", "trading", False),
        ("us_equity", "custodial", False),
    ],
)
def test_check_account_by_what_a_kind_may_buy(asset_class: str, kind: str, refused: bool) -> None:
    account = BrokerageAccount(status=AccountStatus.ACTIVE, account_type=kind)
    if refused:
        with pytest.raises(rules.MayNotTrade, match="is not possible in"):
            rules.check_account(buy(asset=asset(asset_class=asset_class)), account)
    else:
        rules.check_account(buy(asset=asset(asset_class=asset_class)), account)
    held = OrderSpec(asset=asset(asset_class=asset_class), side=Order.Side.SELL, qty=Decimal(1))
    rules.check_account(held, account)
