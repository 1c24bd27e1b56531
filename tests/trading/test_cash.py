"""Cash by where it is, and the day on which what is not settled does."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity
from sandbox.kernel.trading_calendar import settlement_date
from tests.factories import BrokerageAccountFactory, OrderFactory, QuoteFactory
from trading import hours
from trading.services.cash import get_cash

SINCE_T_PLUS_1 = date(2024, 5, 28)
FRIDAY = date(2026, 3, 6)


@pytest.mark.parametrize(
    ("traded", "settles"),
    [
        (date(2026, 3, 2), date(2026, 3, 3)),
        (FRIDAY, date(2026, 3, 9)),
        (date(2026, 4, 2), date(2026, 4, 6)),  # over Good Friday
        (date(2026, 10, 9), date(2026, 10, 13)),  # Columbus Day: shares trade, banks are closed
        (date(2026, 10, 12), date(2026, 10, 13)),
        (date(2026, 11, 10), date(2026, 11, 12)),  # Veterans Day
        (date(2026, 12, 24), date(2026, 12, 28)),
    ],
)
def test_settles_on_the_next_day_of_exchange_and_banks(traded: date, settles: date) -> None:
    assert hours.settles_on(traded) == settles


def test_settles_on_the_sandboxs_days() -> None:
    days = [SINCE_T_PLUS_1 + timedelta(days=number) for number in range(1200)]
    trading_days = [day for day in days if hours.is_session(day)]

    assert [hours.settles_on(day) for day in trading_days] == [settlement_date(day) for day in trading_days]


def sold(account: BrokerageAccount, day: date, symbol: str, amount: str, side: str = "sell") -> None:
    reference = uuid4().hex
    Activity.objects.create(
        account=account, activity_id=reference, reference=reference, activity_type="FILL",
        at=datetime(day.year, day.month, day.day, 15, tzinfo=UTC), date=day, symbol=symbol, side=side,
        qty=Decimal(1), price=Decimal(amount), net_amount=Decimal(amount), status="executed",
    )  # fmt: skip


def account_with(cash: str, withdrawable: str) -> BrokerageAccount:
    return BrokerageAccountFactory.create(
        cash=Decimal(cash), cash_withdrawable=Decimal(withdrawable), buying_power=Decimal(cash)
    )


@pytest.mark.django_db
def test_get_cash_names_the_day_on_which_each_sale_settles() -> None:
    account = account_with("1000", "700")
    sold(account, FRIDAY - timedelta(days=1), "OLD", "500")  # settled today
    sold(account, FRIDAY, "VTI", "100")
    sold(account, FRIDAY, "AAPL", "150")
    sold(account, FRIDAY, "AAPL", "-20", side="buy")

    cash = get_cash(account, FRIDAY)

    (settling,) = cash.settling
    assert (settling.amount, settling.words, settling.day_words) == (
        Decimal("250.00"),
        "AAPL and VTI",
        "Mon 9 Mar",
    )
    assert cash.unexplained == Decimal("50.00")


@pytest.mark.django_db
def test_get_cash_explains_no_more_than_is_unsettled() -> None:
    account = account_with("1000", "900")
    sold(account, FRIDAY, "VTI", "400")

    cash = get_cash(account, FRIDAY)

    assert [each.amount for each in cash.settling] == [Decimal("100.00")]
    assert cash.unexplained == 0


@pytest.mark.django_db
def test_get_cash_leaves_out_a_sale_that_was_taken_back() -> None:
    account = account_with("1000", "900")
    sold(account, FRIDAY, "VTI", "100")
    sold(account, FRIDAY, "VTI", "-100")

    assert get_cash(account, FRIDAY).settling == ()


@pytest.mark.django_db
def test_get_cash_that_is_settled_asks_for_no_sales(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    account = account_with("1000", "1000")
    with django_assert_num_queries(1):  # what open orders hold
        assert get_cash(account, FRIDAY).settling == ()


@pytest.mark.django_db
def test_get_cash_holds_what_open_orders_to_buy_still_take() -> None:
    account = account_with("1000", "0")
    QuoteFactory.create(symbol="AAPL", last=Decimal(200))
    OrderFactory.create(account, status="new", qty=Decimal(2))
    part = {"filled_qty": Decimal("0.5"), "filled_avg_price": Decimal("199.99")}
    OrderFactory.create(account, status="partially_filled", notional=Decimal(250), **part)
    limit = {"type": "LIMIT", "limit_price": Decimal("10.005")}
    OrderFactory.create(account, status="new", qty=Decimal(3), **limit)
    OrderFactory.create(account, status="canceled", qty=Decimal(9), **limit)
    OrderFactory.create(account, status="new", side="SELL", qty=Decimal(9), **limit)

    cash = get_cash(account, FRIDAY)

    assert cash.held == Decimal("580.02")  # 400 + (250 - 100.00) + 30.02
    assert cash.unsettled == Decimal("419.98")


@pytest.mark.django_db
def test_get_cash_without_orders_holds_nothing() -> None:
    assert get_cash(account_with("1000", "1000"), FRIDAY).held == 0
