"""The pages of what was gained: returns and their arithmetic, values over time, realized gains."""

import csv
import io
from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.units.market_time import NEW_YORK, day_in_new_york
from tests.factories import AssetFactory, PositionFactory
from tests.trading.activities import happened, traded
from tests.trading.views.conftest import another_position, assert_constant_queries, shown
from trading.models import Bar, BarSeries, DailyEquity, Position
from trading.services import gains, snapshots

pytestmark = pytest.mark.django_db

D = Decimal
PERFORMANCE, VALUES, CHART = (f"/portfolio/all/{name}/" for name in ("performance", "values", "chart"))


@pytest.fixture
def today() -> date:
    return day_in_new_york(timezone.now())


@pytest.fixture
def history(account: BrokerageAccount, today: date) -> BrokerageAccount:
    """A thousand paid in two months ago, two shares bought at 150 (worth 200 now), one day written down."""
    begin = today - timedelta(days=60)
    happened(account, "CSD", begin, "1300.00")
    traded(account, begin, "2", "150.00")
    happened(account, "DIV", begin + timedelta(days=30), "1.50", symbol="AAPL", qty=D(2))
    happened(account, "FEE", begin + timedelta(days=30), "-0.25")
    PositionFactory.create(account=account)
    BrokerageAccount.objects.update(cash=D("1001.25"), equity=D("1401.25"))
    DailyEquity.objects.create(
        account=account, day=begin, at=timezone.now() - timedelta(days=60), cash=D(1000),
        positions_value=D(300), equity=D("1300.00"), broker_equity=D("1310.00"),
    )  # fmt: skip
    gains.work_out(account=account)
    account.refresh_from_db()
    return account


def test_performance_shows_the_arithmetic(owner: Client, history: BrokerageAccount) -> None:
    page = shown(owner.get(PERFORMANCE))

    for line in (
        "<dt>+ paid in</dt><dd>$1,300.00</dd>",
        "<dt>− taken out</dt><dd>$0.00</dd>",
        "<dt>+ price gains and losses, sold or not</dt><dd>+$100.00</dd>",
        "<dt>+ dividends</dt><dd>+$1.50</dd>",
        "<dt>+ fees</dt><dd>−$0.25</dd>",
        "<dt>= worth now</dt><dd>$1,401.25</dd>",
        "<dt>+ not sold yet</dt><dd>+$100.00</dd>",
    ):
        assert line in page
    assert "+7.79%" in page  # 101.25 of 1300, by either way of counting
    assert "not explained" not in page


def test_performance_stands_beside_the_markets(owner: Client, history: BrokerageAccount, today: date) -> None:
    assert "The market’s return" not in shown(owner.get(PERFORMANCE))  # no such fund is known
    fund = AssetFactory.create(symbol="SPY")
    assert "are being read. Please reload" in shown(owner.get(PERFORMANCE))
    series = BarSeries.objects.get(asset=fund)
    BarSeries.objects.update(synced_at=timezone.now())
    assert "do not go back so far" in shown(owner.get(PERFORMANCE))
    for ago, close in ((61, "100"), (1, "103")):
        at = datetime.combine(today - timedelta(days=ago), time(), NEW_YORK)
        prices = dict.fromkeys(("open", "high", "low", "close"), D(close))
        Bar.objects.create(series=series, at=at, volume=D(1), **prices)

    page = shown(owner.get(PERFORMANCE))

    assert '<span>The market’s return</span><span class="stat-value">+3.00%</span>' in page
    assert "SPY</a> over the same days, up to" in page


def test_performance_of_a_range_starts_with_what_was_there(owner: Client, history: BrokerageAccount) -> None:
    page = shown(owner.get(f"{PERFORMANCE}?range=1M"))

    assert "<dd>$1,300.00</dd>" in page
    assert "<dt>+ paid in</dt><dd>$0.00</dd>" in page
    assert "<dt>= worth now</dt><dd>$1,401.25</dd>" in page


def test_performance_prints_what_nobody_explains(owner: Client, history: BrokerageAccount) -> None:
    BrokerageAccount.objects.update(cash=D("1051.25"))

    page = shown(owner.get(PERFORMANCE))

    assert "<dt>+ not explained by the broker yet</dt><dd>+$50.00</dd>" in page
    assert "<dt>+ price gains and losses, sold or not</dt><dd>+$100.00</dd>" in page


def test_performance_before_there_are_books_says_so(owner: Client) -> None:
    assert "being added up" in shown(owner.get(PERFORMANCE))


def test_performance_without_a_price_adds_nothing_up(owner: Client, history: BrokerageAccount) -> None:
    another = another_position
    another(history)
    Position.objects.exclude(symbol="AAPL").get().asset.quote.delete()
    page = shown(owner.get(PERFORMANCE))
    assert "has no price at the moment" in page
    assert "worth now" not in page


def test_values_have_both_figures_and_what_came_in(owner: Client, history: BrokerageAccount) -> None:
    page = shown(owner.get(f"{VALUES}?range=All"))

    assert '<td class="num">$1,310.00</td>' in page
    assert "+$10.00" in page
    assert "1 day differs" in page
    assert "Deposit +$1,300.00" in page
    assert page.index("$1,401.25") < page.index("$1,310.00")


def test_chart_ends_at_the_equity_and_counts_no_deposit(owner: Client, history: BrokerageAccount) -> None:
    body = owner.get(f"{CHART}?range=3M").json()

    assert body["points"][-1][1] == "1401.25"
    assert body["points"][0][1:] == ["1300", [["Deposit", "1300"]]]
    assert body["gain"] == "101.25"
    assert body["opening"] is None


def test_chart_of_a_day_starts_from_the_close_before(owner: Client, history: BrokerageAccount) -> None:
    snapshots.take_points(now=timezone.now())
    body = owner.get(f"{CHART}?range=1D").json()

    assert (body["opening"], body["gain"]) == ("1397.25", "4")
    assert body["intraday"] is True


@pytest.mark.parametrize("url", [PERFORMANCE, f"{VALUES}?range=1D", CHART])
def test_pages_of_performance_ask_as_much_however_much_there_is(
    owner: Client, history: BrokerageAccount, today: date, url: str
) -> None:
    numbers = iter(range(100))

    def more() -> None:
        number = next(numbers)
        another_position(history)
        traded(history, today - timedelta(days=2), "1", "1", symbol=f"X{number}")
        happened(history, "CSD", today, "1")
        DailyEquity.objects.create(
            account=history, day=today - timedelta(days=number + 1), at=timezone.now(), equity=D(5)
        )
        gains.work_out(account=history)

    assert_constant_queries(owner, url, more)


@pytest.fixture
def sold(account: BrokerageAccount) -> BrokerageAccount:
    traded(account, date(2024, 5, 6), "2", "10.00")
    traded(account, date(2025, 6, 2), "1", "20.00")
    traded(account, date(2025, 7, 1), "-3", "30.00", symbol="AAPL")
    gains.work_out(account=account)
    return account


def test_performance_lists_years(owner: Client, sold: BrokerageAccount) -> None:
    page = shown(owner.get(PERFORMANCE))
    assert '/portfolio/all/gains/2025/">2025</a>' in page
    assert "$90.00" in page


def test_realized_gains_of_a_year(owner: Client, sold: BrokerageAccount) -> None:
    page = shown(owner.get("/portfolio/all/gains/2025/"))

    assert "held more than a year" in page
    assert "Wash sales are not looked for" in page
    assert "+$50.00" in page
    assert owner.get("/portfolio/all/gains/2024/").status_code == 404
    assert owner.get("/portfolio/all/gains/2024/csv/").status_code == 404


def test_realized_gains_csv(owner: Client, sold: BrokerageAccount) -> None:
    reply = owner.get("/portfolio/all/gains/2025/csv/")

    rows = list(csv.reader(io.StringIO(reply.getvalue().decode())))
    assert rows[1] == [
        "AAPL", "Apple Inc. Common Stock", "2", "2024-05-06", "2025-07-01", "long", "60", "20", "40", "yes",
    ]  # fmt: skip
    assert rows[2][5:9] == ["short", "30", "20", "10"]
    assert len(rows) == 3
    assert "attachment" in reply["Content-Disposition"]


def test_stranger_finds_no_gains(stranger: Client, sold: BrokerageAccount) -> None:
    assert stranger.get("/portfolio/all/gains/2025/").status_code == 404
    assert stranger.get("/portfolio/all/gains/2025/csv/").status_code == 404
