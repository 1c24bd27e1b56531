"""The search for something to trade."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, PositionFactory, QuoteFactory
from tests.trading.views.conftest import assert_constant_queries, signed_in
from trading import tasks
from trading.models import Asset, Quote, ScreenedAsset
from trading.services import quotes, watchlists

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_outage() -> Iterator[None]:
    yield
    quotes.OUTAGE.end()


def test_search_finds_by_name_with_tags(owner: Client) -> None:
    AssetFactory.create(symbol="BRK.A", name="Berkshire Hathaway", fractionable=False)
    AssetFactory.create(symbol="BERK", name="Frozen", tradable=False)

    page = owner.get("/trade/?q=berk").content.decode()

    assert "/trade/BRK.A/" in page
    assert "Whole shares only" in page
    assert "Not tradable" in page


@pytest.mark.parametrize(
    ("q", "text"), [("zzzz", "Nothing found"), ("", "Symbol or company"), ("x" * 99, "Nothing")]
)
def test_search_without_results(owner: Client, q: str, text: str) -> None:
    assert text in owner.get("/trade/", {"q": q}).content.decode()


def test_search_before_the_assets_are_loaded() -> None:
    Quote.objects.all().delete()
    Asset.objects.all().delete()
    page = signed_in(BrokerageAccountFactory.create()).get("/trade/?q=app").content.decode()

    assert "still being loaded" in page


def test_search_queries_do_not_grow(owner: Client) -> None:
    def listed() -> None:
        asset = AssetFactory.create(symbol=f"S{uuid4().hex[:6]}")
        QuoteFactory.create(asset=asset, looked_at=timezone.now())

    Quote.objects.update(looked_at=timezone.now())
    assert_constant_queries(owner, "/trade/?q=s", listed)


def test_search_does_not_wait_again_for_a_data_api_that_is_away(
    owner: Client,
    broker: BrokerStub,
    sent: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    AssetFactory.create(symbol="NEW", name="Never quoted")
    broker.on("GET", "/v2/stocks/snapshots", status=503, json={})

    with django_capture_on_commit_callbacks(execute=True):
        pages = [owner.get("/trade/?q=never").content.decode() for _ in range(2)]

    assert all("/trade/NEW/" in page for page in pages)
    assert broker.count("GET") == 1
    assert sent.count("trading.tasks.sync_shown_quotes") == 1


def test_search_before_anything_is_typed_shows_what_is_watched_held_and_moves(
    owner: Client, account: BrokerageAccount
) -> None:
    asset = AssetFactory.create()
    watchlist = watchlists.create_watchlist(account=account, name="Mine")
    watchlists.add_asset(watchlist=watchlist, asset=asset, now=timezone.now())
    PositionFactory.create(account=account, asset=asset)
    ScreenedAsset.objects.create(screen="GAINERS", rank=0, asset=asset, as_of=timezone.now())

    page = owner.get("/trade/").content.decode()

    for heading in ("Your watchlist", "What you hold", "Gainers"):
        assert heading in page
    assert "Losers" not in page


def test_suggestions_are_options_with_the_likeliest_first(owner: Client) -> None:
    AssetFactory.create(symbol="XAAPL", name="Other")

    page = owner.get("/trade/suggestions/?q=aapl").content.decode()

    assert page.count('role="option"') == 2
    assert page.index("/trade/AAPL/") < page.index("/trade/XAAPL/")
    assert "Nothing found" in owner.get("/trade/suggestions/?q=zzzz").content.decode()
    assert owner.get("/trade/suggestions/").content.decode().strip() == ""


def test_sync_shown_quotes_reads_what_a_page_could_not_wait_for(broker: BrokerStub) -> None:
    asset = AssetFactory.create(symbol="NEW")
    trade = {"t": "2026-03-02T15:00:00Z", "p": 12.5, "s": 10}
    broker.on("GET", "/v2/stocks/snapshots", json={"NEW": {"latestTrade": trade}})

    tasks.sync_shown_quotes(asset_ids=str(asset.pk))

    assert Quote.objects.get(asset=asset).last == Decimal("12.5")
