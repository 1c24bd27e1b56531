"""The page of the portfolio."""

import csv
import io
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.ui.links import account_url
from brokerapp.units.market_time import day_in_new_york
from brokerapp.workflow import state
from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
    OrderFactory,
    PositionFactory,
    QuoteFactory,
    TransferFactory,
)
from tests.trading.activities import happened, traded
from tests.trading.conftest import CASH
from tests.trading.views.conftest import (
    MARGIN,
    another_position,
    assert_constant_queries,
    queries,
    shown,
    signed_in,
)
from trading.models import Asset, HeldLot, Position, Quote
from trading.services import gains

pytestmark = pytest.mark.django_db


def test_portfolio_shows_what_is_held_and_open(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)
    OrderFactory.create(account, status="new", qty=Decimal(3))

    page = owner.get("/portfolio/").content.decode()

    assert "$1,400.00" in page
    assert "+$100.00 (+33.33%)" in page
    assert "3 shares" in page
    assert "in three steps" not in page


def test_portfolio_without_a_price_shows_the_total_of_the_others(
    owner: Client, account: BrokerageAccount
) -> None:
    PositionFactory.create(account=account)
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="ODD"))
    BrokerageAccount.objects.update(equity=Decimal("1512.34"))

    page = owner.get("/portfolio/").content.decode()

    assert "Total value without ODD" in page
    assert '<span class="stat-value">$1,400.00</span>' in page
    assert "There is no price for ODD at the moment, so the total is without it." in page
    assert "own figure for all that you have was $1,512.34" in page
    assert "+$100.00 (+33.33%)" in page


def test_portfolio_tells_own_cash_from_what_could_be_borrowed() -> None:
    account = BrokerageAccountFactory.create(**MARGIN)

    page = shown(signed_in(account).get("/portfolio/"))

    assert 'Ready to invest, your own cash</span><span class="stat-value">$5,000.00' in page
    assert "You could borrow</dt><dd>$5,000.00" in page
    assert "$10,000.00" not in page


def test_portfolio_of_a_cash_account_speaks_of_no_borrowing(owner: Client) -> None:
    page = shown(owner.get("/portfolio/"))

    assert 'Ready to invest</span><span class="stat-value">$1,000.00' in page
    assert "borrow" not in page


def test_portfolio_says_what_is_owed() -> None:
    account = BrokerageAccountFactory.create(cash=Decimal("-75.00"))

    page = shown(signed_in(account).get("/portfolio/"))

    assert "You owe the broker</dt><dd>$75.00" in page


def test_portfolio_tells_of_a_returned_deposit(owner: Client, account: BrokerageAccount) -> None:
    transfer = TransferFactory.create(account, status="COMPLETE", amount="75.00")
    transfer = state.move(transfer, "RETURNED", by=state.Process.EVENT, reason="R02 account closed")
    BrokerageAccount.objects.update(
        cash=Decimal("-75.00"), buying_power=Decimal(0), balances_at=timezone.now()
    )

    page = shown(owner.get("/portfolio/"))

    assert "Your deposit of $75.00 was returned by your bank" in page
    assert "The reason: the bank account is closed (R02)." in page
    assert "you owe the broker $75.00" in page
    assert "Until you have paid it you cannot withdraw or buy." in page
    assert "do not deposit from this bank account again" in page
    assert account_url(account, "funding:transfer", transfer.pk) in page


def test_portfolio_tells_nobody_of_another_accounts_returned_deposit(owner: Client) -> None:
    other = TransferFactory.create(BrokerageAccountFactory.create(), status="COMPLETE")
    state.move(other, "RETURNED", by=state.Process.EVENT, reason="R01")

    assert "was returned" not in shown(owner.get("/portfolio/"))


@pytest.mark.parametrize(
    ("fields", "action"),
    [
        ({}, "Add money"),
        (CASH, "Find something to buy"),
    ],
)
def test_portfolio_empty_says_what_is_next(fields: dict[str, Any], action: str) -> None:
    page = signed_in(BrokerageAccountFactory.create(**fields)).get("/portfolio/").content.decode()

    assert action in page


def test_portfolio_queries_do_not_grow(owner: Client, account: BrokerageAccount) -> None:
    def more() -> None:
        another_position(account)
        OrderFactory.create(account, status="new")

    assert_constant_queries(owner, "/portfolio/", more)


def test_portfolio_sorts_by_any_column_and_says_so(owner: Client, account: BrokerageAccount) -> None:
    for symbol, qty, last in (("SMALL", 1, 10), ("LARGE", 5, 100), ("NONE", 1, None)):
        asset = AssetFactory.create(symbol=symbol)
        PositionFactory.create(account=account, asset=asset, qty=Decimal(qty))
        if last:
            QuoteFactory.create(symbol=symbol, last=Decimal(last))

    def order(sort: str) -> list[str]:
        page = shown(owner.get(f"/portfolio/?range=1Y&sort={sort}"))
        return sorted(("SMALL", "LARGE", "NONE"), key=lambda symbol: page.index(f"/portfolio/{symbol}/"))

    assert order("value") == ["SMALL", "LARGE", "NONE"]
    assert order("-value") == ["LARGE", "SMALL", "NONE"]
    assert order("-name") == ["SMALL", "NONE", "LARGE"]
    assert order("nonsense") == ["LARGE", "NONE", "SMALL"]
    page = shown(owner.get("/portfolio/?range=1Y&sort=-value"))
    assert page.count("aria-sort=") == 1
    assert 'aria-sort="descending"><a data-keeps-range href="?range=1Y&amp;sort=value#' in page
    assert 'href="?range=1Y&amp;sort=-day#positions">Day' in page
    assert 'href="?sort=-value&amp;range=3M"' in page


def test_portfolio_shows_the_day_and_all_that_was_gained(owner: Client, account: BrokerageAccount) -> None:
    begin = day_in_new_york(timezone.now()) - timedelta(days=3)
    happened(account, "CSD", begin, "1300.00")
    traded(account, begin, "2", "150.00")
    PositionFactory.create(account=account)
    gains.work_out(account=account)

    page = shown(owner.get("/portfolio/"))

    assert '+$4.00 (+0.29%)</span> <span class="muted small">today' in page
    assert "+$100.00 (+7.69%)" in page
    assert "of the $1,300.00 that came in" in page
    assert "28.57% of all" in page
    assert "not yet in the broker" not in page


def test_portfolio_a_deposit_of_which_only_the_cash_is_known_is_no_gain(
    owner: Client, account: BrokerageAccount
) -> None:
    happened(account, "CSD", day_in_new_york(timezone.now()) - timedelta(days=3), "1000.00")
    gains.work_out(account=account)
    BrokerageAccount.objects.update(cash=Decimal(6000))

    page = shown(owner.get("/portfolio/?range=1W"))

    assert '<span class="stat-value">$6,000.00' in page
    assert "+$5,000.00 of this is in your balance and not yet in the broker’s list" in page
    assert '$0.00 (0.00%)</span> <span class="muted small">gained or lost in all' in page


def test_portfolio_says_where_the_broker_has_another_figure(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)
    BrokerageAccount.objects.update(equity=Decimal("1399.12"))
    assert "The chart ends at $1,400.00, the broker said $1,399.12" in shown(owner.get("/portfolio/"))
    BrokerageAccount.objects.update(equity=Decimal("1400.00"))
    assert "The chart ends" not in shown(owner.get("/portfolio/"))


def test_portfolio_says_why_cash_cannot_be_used(owner: Client, account: BrokerageAccount) -> None:
    BrokerageAccount.objects.update(
        cash=Decimal(1000),
        cash_withdrawable=Decimal(350),
        pending_transfer_out=Decimal(50),
        pending_transfer_in=Decimal(70),
    )
    OrderFactory.create(account, status="new", qty=Decimal(2))
    traded(account, day_in_new_york(timezone.now()), "-1", "200.00", symbol="VTI")

    page = shown(owner.get("/portfolio/"))

    assert "$400.00 is held for your open orders to buy" in page
    assert "$50.00 is on its way to your bank already" in page
    assert "$200.00 from selling VTI settles on " in page
    assert "Why can’t I use $70.00 yet?" in page
    assert "<dt>Settled</dt><dd>$800.00</dd>" in page


def test_portfolio_with_nothing_in_the_way_asks_no_why(owner: Client) -> None:
    BrokerageAccount.objects.update(cash_withdrawable=Decimal(1000))
    assert "Why can’t I" not in shown(owner.get("/portfolio/"))


def many_positions(account: BrokerageAccount, count: int) -> list[Asset]:
    """Positions of a share each at $2, named S000 and so on."""
    now = timezone.now()
    assets = [
        Asset(
            id=uuid4(), symbol=f"S{number:03}", asset_class="us_equity", status="active", tradable=True,
            fractionable=True, marginable=True, shortable=True, synced_at=now,
        )
        for number in range(count)
    ]  # fmt: skip
    Asset.objects.bulk_create(assets)
    Quote.objects.bulk_create(
        Quote(asset=asset, last=Decimal(2), as_of=now, synced_at=now) for asset in assets
    )
    Position.objects.bulk_create(
        Position(account=account, asset=asset, symbol=asset.symbol, qty=Decimal(1), synced_at=now)
        for asset in assets
    )
    return assets


def test_portfolio_and_position_ask_as_much_for_500_positions_as_for_one(
    owner: Client, account: BrokerageAccount
) -> None:
    PositionFactory.create(account=account)
    traded(account, day_in_new_york(timezone.now()), "2", "150.00")
    gains.work_out(account=account)
    before = [queries(owner, url) for url in ("/portfolio/", "/portfolio/AAPL/")]
    assets = many_positions(account, 499)
    now = timezone.now()
    HeldLot.objects.bulk_create(
        HeldLot(account=account, symbol=asset.symbol, opened_on=now.date(), qty=Decimal(1), cost=Decimal(1))
        for asset in assets
    )

    assert [queries(owner, url) for url in ("/portfolio/", "/portfolio/AAPL/")] == before


def test_portfolio_shows_twenty_five_positions_at_a_time_in_the_chosen_order(
    owner: Client, account: BrokerageAccount
) -> None:
    many_positions(account, 120)

    first, last = (shown(owner.get(f"/portfolio/?range=1Y&sort=-name&page={page}")) for page in ("1", "4"))

    assert "120 positions, 1 to 25 shown" in first
    assert first.index("/portfolio/S119/") < first.index("/portfolio/S095/")
    assert "/portfolio/S094/" not in first
    assert 'href="?range=1Y&amp;sort=-name&amp;page=2#positions" rel="next"' in first
    assert (
        'href="?range=1Y&amp;sort=-value#positions">Value' in last
    )  # another order begins with its first page
    assert "120 positions, 76 to 120 shown" in last
    assert "/portfolio/S000/" in last
    # What all is worth does not depend on the page.
    total = '<span class="stat-value">$1,240.00</span>'
    assert total in first
    assert total in last


@pytest.mark.parametrize(("count", "said"), [(50, "50 positions<"), (51, "51 positions, 1 to 25 shown")])
def test_portfolio_begins_a_second_page_for_many_positions_only(
    count: int, said: str, owner: Client, account: BrokerageAccount
) -> None:
    many_positions(account, count)

    assert said in shown(owner.get("/portfolio/"))


def test_portfolio_shows_what_the_broker_calls_an_asset_as_text(
    owner: Client, account: BrokerageAccount
) -> None:
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="B&O", name="<b>Bed & Out</b>"))

    page = shown(owner.get("/portfolio/"))

    assert "<small>&lt;b&gt;Bed &amp; Out&lt;/b&gt;</small>" in page
    assert "/portfolio/B%26O/" in page


def test_portfolio_of_few_positions_has_no_pages(owner: Client, account: BrokerageAccount) -> None:
    PositionFactory.create(account=account)

    page = shown(owner.get("/portfolio/"))

    assert "1 position</span>" in page
    assert 'aria-label="Pages"' not in page


def test_portfolio_shows_the_newest_open_orders_and_leads_to_the_others(
    owner: Client, account: BrokerageAccount
) -> None:
    for number in range(12):
        OrderFactory.create(account, status="new", qty=Decimal(number + 1), limit_price=None)

    page = shown(owner.get("/portfolio/"))

    assert "The newest 5 are here: see all orders" in page
    assert page.count('data-label="Amount"') == 5
    assert "12 shares" in page
    # What the orders hold is of all of them, 78 shares at $200.
    assert "<dt>Held for orders</dt><dd>$1,000.00</dd>" in page


def test_portfolio_of_somebody_who_sold_everything_has_its_chart(
    owner: Client, account: BrokerageAccount
) -> None:
    day = day_in_new_york(timezone.now()) - timedelta(days=3)
    traded(account, day, "1", "100.00")
    traded(account, day, "-1", "130.00")
    gains.work_out(account=account)

    page = shown(owner.get("/portfolio/"))

    assert "in three steps" not in page
    assert "data-equity-chart" in page


def test_positions_file_has_every_position_and_the_cash(owner: Client, account: BrokerageAccount) -> None:
    many_positions(account, 60)
    PositionFactory.create(account=account, asset=AssetFactory.create(symbol="ODD", name="=Odd Co"))
    begin = day_in_new_york(timezone.now()) - timedelta(days=3)
    traded(account, begin, "2", "150.00")
    gains.work_out(account=account)
    PositionFactory.create(account=account)

    reply = owner.get("/portfolio/all/positions/?sort=-value")

    rows = list(csv.reader(io.StringIO(reply.getvalue().decode())))
    assert "attachment" in reply["Content-Disposition"]
    assert rows[0][:5] == ["Symbol", "Name", "Shares", "Price (USD)", "Value (USD)"]
    assert rows[1][:9] == [
        "AAPL", "Apple Inc. Common Stock", "2", "200", "400", "26.32", "4", "300", "100",
    ]  # fmt: skip
    assert rows[1][9].endswith("Z")
    assert len(rows) == 1 + 62 + 1
    assert rows[-2][:6] == ["ODD", "'=Odd Co", "2", "", "", ""]
    assert rows[-1][:6] == ["", "Cash", "", "", "1000", "65.79"]
    assert 'href="' + account_url(account, "trading:positions_file") + '?sort=-value" download' in shown(
        owner.get("/portfolio/?sort=-value")
    )
