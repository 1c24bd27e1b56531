import json
from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.account_pages import AccountClient
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, QuoteFactory
from trading.chart_ranges import Timeframe
from trading.models import Bar, BarSeries, Quote

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> BrokerageAccount:
    QuoteFactory.create()
    return BrokerageAccountFactory.create()


@pytest.fixture
def owner(account: BrokerageAccount) -> AccountClient:
    return AccountClient(account)


def keep_bars(timeframe: str, step: timedelta, number: int, newest: datetime) -> BarSeries:
    series, _ = BarSeries.objects.update_or_create(
        asset=AssetFactory.create(), timeframe=timeframe, defaults={"synced_at": newest, "looked_at": newest}
    )
    prices = {"open": 100, "high": 120, "low": 90, "close": Decimal("110.5"), "volume": 1000}
    Bar.objects.bulk_create(
        [Bar(series=series, at=newest - step * index, **prices) for index in range(number)],
        ignore_conflicts=True,
    )
    return series


def test_chart_data_has_the_bars_of_the_range(owner: AccountClient, broker: BrokerStub) -> None:
    newest = timezone.now()
    keep_bars(Timeframe.DAY, timedelta(days=1), 400, newest)

    body = json.loads(owner.get("/trade/AAPL/chart/?range=1Y").content)

    assert (body["range"], body["pending"], body["intraday"], len(body["points"])) == (
        "1Y",
        False,
        False,
        366,
    )
    assert body["points"][-1] == [int(newest.timestamp()), "100", "120", "90", "110.5", "1000", 0]
    assert broker.count("GET") == 0


def test_chart_data_while_there_is_none_says_that_it_is_pending(
    owner: AccountClient, broker: BrokerStub
) -> None:
    body = json.loads(owner.get("/trade/AAPL/chart/?range=nonsense").content)

    assert (body["range"], body["pending"], body["points"]) == ("1D", True, [])


def test_price_table_says_the_same_newest_first(owner: AccountClient) -> None:
    newest = timezone.now()
    keep_bars(Timeframe.DAY, timedelta(days=1), 3, newest)
    Bar.objects.filter(at=newest).update(close=Decimal("0.0123"))

    page = owner.get("/trade/AAPL/prices/?range=3M").content.decode()

    assert page.index("$0.0123") < page.index("$110.50")
    assert "over three months" in page


def test_price_table_without_prices_says_why(owner: AccountClient, broker: BrokerStub) -> None:
    assert "still being fetched" in owner.get("/trade/AAPL/prices/").content.decode()

    BarSeries.objects.update(synced_at=timezone.now())
    assert "No prices in this range" in owner.get("/trade/AAPL/prices/").content.decode()


@pytest.mark.parametrize("page", ["chart", "prices"])
def test_pages_of_prices_take_as_many_queries_for_a_bar_as_for_hundreds(
    owner: AccountClient, page: str
) -> None:
    newest = timezone.now()

    def queries(bars: int) -> int:
        keep_bars(Timeframe.DAY, timedelta(days=1), bars, newest)
        with CaptureQueriesContext(connection) as captured:
            assert owner.get(f"/trade/AAPL/{page}/?range=1Y").status_code == 200
        return len(captured)

    assert queries(1) == queries(300)


def test_asset_page_shows_the_days_figures_and_those_of_a_year(owner: AccountClient) -> None:
    asset = AssetFactory.create()
    Quote.objects.update(day_open=Decimal(201), day_high=Decimal(205), day_low=Decimal("199.5"))
    BarSeries.objects.create(asset=asset, timeframe=Timeframe.DAY, high=Decimal(260), low=Decimal(150))

    page = owner.get("/trade/AAPL/").content.decode()

    for figure in ("$201.00", "$205.00", "$199.50", "$260.00", "$150.00"):
        assert figure in page
