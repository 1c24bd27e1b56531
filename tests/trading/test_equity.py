"""Histories that the sandbox plays, read as the app reads them: the books, the chart and the broker agree."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.services import sync_activities
from tests.journeys import open_account_at
from tests.sandbox_process import SandboxProcess, eventually
from trading.lots import ZERO
from trading.models import Asset, DailyEquity, HeldLot, Position
from trading.performance import SPANS
from trading.services import gains, market, performance, portfolio, quotes, snapshots
from trading.services.performance import Figures

pytestmark = pytest.mark.django_db


@pytest.fixture
def account(sandbox: SandboxProcess) -> BrokerageAccount:
    account = open_account_at(sandbox)
    if not Asset.objects.exists():
        market.sync_assets(now=timezone.now())
        market.sync_clock(now=timezone.now())
    return account


@pytest.fixture
def frozen(sandbox: SandboxProcess) -> Iterator[Any]:
    """A function that stops the sandbox's clock, and so its prices, until the test is over."""
    yield lambda: sandbox.request("POST", "/_sandbox/clock", json={"freeze": True})
    sandbox.request("POST", "/_sandbox/clock", json={"resume": True})


def play(sandbox: SandboxProcess, account: BrokerageAccount, name: str, **options: str) -> None:
    body = {"account_id": str(account.broker_account_id), **options}
    sandbox.request("POST", f"/_sandbox/scenarios/{name}", json=body).raise_for_status()


def trade(sandbox: SandboxProcess, account: BrokerageAccount, side: str, symbol: str, qty: str) -> None:
    path = f"/v1/trading/accounts/{account.broker_account_id}/orders"
    body = {"symbol": symbol, "qty": qty, "side": side, "type": "market", "time_in_force": "day"}
    order = sandbox.request("POST", path, json=body).json()
    eventually(lambda: sandbox.get(f"{path}/{order['id']}")["status"] == "filled", what="the fill")


def read_all(account: BrokerageAccount) -> Figures:
    """Everything that workers would read, and the account as its pages show it."""
    now = timezone.now()
    sync_activities(now=now)
    portfolio.sync_portfolio(account=account)
    quotes.sync_quotes(now=now)
    gains.keep_up(account=account)
    account.refresh_from_db()
    return performance.get_figures(account, now)


def check(figures: Figures, sandbox: SandboxProcess) -> None:
    """To the cent, at the prices of one moment."""
    account, book = figures.account, figures.book
    told = sandbox.get(f"/v1/trading/accounts/{account.broker_account_id}/account")
    assert figures.equity == Decimal(told["equity"])
    assert book is not None
    assert book.cash == Decimal(told["cash"])
    assert figures.unexplained == 0
    lots = HeldLot.objects.filter(account=account)
    booked = lots.order_by().values("symbol").annotate(shares=Sum("qty")).values_list("symbol", "shares")
    assert dict(Position.objects.filter(account=account).values_list("symbol", "qty")) == dict(booked)
    cost = sum((lot.cost for lot in lots), ZERO)
    unrealized = figures.equity - book.cash - cost
    assert figures.unrealized == unrealized
    income = book.dividends + book.interest + book.fees + book.other
    assert figures.total_gain == book.realized + unrealized + income
    for span in SPANS.values():
        history = performance.get_history(figures, span, timezone.now())
        summary = history.summary
        assert summary is not None
        assert history.points[-1].equity == figures.equity == summary.closing
        assert summary.opening + summary.deposits - summary.withdrawals + summary.gain == summary.closing


def test_a_played_history_agrees_with_the_broker_to_the_cent(
    account: BrokerageAccount, sandbox: SandboxProcess, frozen: Any
) -> None:
    sandbox.deposit(str(account.broker_account_id), "30000.00")
    trade(sandbox, account, "buy", "AAPL", "3.5")
    trade(sandbox, account, "buy", "VTI", "2")
    trade(sandbox, account, "buy", "AAPL", "1.25")
    play(sandbox, account, "trade_bust")
    play(sandbox, account, "dividend", symbol="VTI", per_share="0.87")
    trade(sandbox, account, "sell", "AAPL", "2.333333333")
    play(sandbox, account, "trade_correct", price="123.45")
    play(sandbox, account, "split", symbol="VTI", ratio="3")
    sandbox.deposit(str(account.broker_account_id), "-250.10")
    trade(sandbox, account, "sell", "VTI", "6")
    frozen()

    figures = read_all(account)

    check(figures, sandbox)
    assert figures.book is not None
    assert (figures.book.paid_in, figures.book.paid_out) == (Decimal("30000.00"), Decimal("250.10"))
    assert figures.book.dividends == Decimal("1.74")
    # All of VTI is sold that is there after the split: at three times the shares, and no more of it is held.
    assert figures.change.amount is None or figures.change.amount < Decimal("30000")
    snapshots.take_points(now=timezone.now())
    assert DailyEquity.objects.get(account=account).equity == figures.equity


def test_a_past_at_the_broker_becomes_the_chart(
    account: BrokerageAccount, sandbox: SandboxProcess, frozen: Any
) -> None:
    play(sandbox, account, "past", months="14", amount="600")
    frozen()

    figures = read_all(account)
    # What there was a month ago is not known yet, and is not nothing.
    assert performance.get_history(figures, SPANS["1M"], timezone.now()).summary is None
    snapshots.sync_histories(now=timezone.now())

    check(figures, sandbox)
    history = performance.get_history(figures, SPANS["All"], timezone.now())
    summary = history.summary
    assert len(history.points) > 250
    assert summary is not None
    assert (summary.deposits, summary.withdrawals) == (Decimal(14 * 600), Decimal(600))
    assert summary.gain == figures.total_gain
    assert summary.time_weighted is not None
    assert summary.money_weighted is not None
    assert sum(len(point.flows) for point in history.points) == 15
    assert [year["sales"] for year in gains.get_years(account)]
