"""The search for something to trade."""

import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.broker_stub import BrokerStub
from tests.factories import AssetFactory, BrokerageAccountFactory, PositionFactory, QuoteFactory
from tests.trading.views.conftest import assert_constant_queries, shown, signed_in
from trading import tasks
from trading.models import Asset, Quote, QuotePause, ScreenedAsset
from trading.services import watchlists

pytestmark = pytest.mark.django_db


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


def test_search_waits_for_no_price_and_has_a_task_ask_once(
    owner: Client,
    broker: BrokerStub,
    sent: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    AssetFactory.create(symbol="NEW", name="Never quoted")

    with django_capture_on_commit_callbacks(execute=True):
        pages = [owner.get("/trade/?q=never").content.decode() for _ in range(2)]

    assert all("/trade/NEW/" in page for page in pages)
    assert not broker.calls
    assert sent == ["trading.tasks.sync_shown_quotes"]


def test_search_does_not_ask_for_what_got_no_answer_lately(
    owner: Client, sent: list[str], django_capture_on_commit_callbacks: Any
) -> None:
    asset = AssetFactory.create(symbol="NEW", name="Never quoted")
    QuotePause.objects.create(asset=asset, due_at=timezone.now() + timedelta(minutes=1))

    with django_capture_on_commit_callbacks(execute=True):
        owner.get("/trade/?q=never")

    assert not sent


def test_search_of_somebody_who_opens_too_many_has_nobody_ask(
    owner: Client, sent: list[str], monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    waits = iter((0, 0, 30, 30))
    monkeypatch.setattr("brokerapp.web.allowance.take", lambda person_id: next(waits))
    for number in range(4):
        AssetFactory.create(symbol=f"NEW{number}", name="Never quoted")

    with django_capture_on_commit_callbacks(execute=True):
        pages = [owner.get(f"/trade/?q=new{number}").status_code for number in range(4)]

    assert pages == [200] * 4
    assert sent == ["trading.tasks.sync_shown_quotes"] * 2


def test_search_pages_hold_everything_once(owner: Client) -> None:
    for number in range(65):
        AssetFactory.create(symbol=f"MANY{number:02}", name="Same name")

    found = [
        re.findall(r"/trade/(MANY[0-9]+)/", owner.get(f"/trade/?q={text}&page={page}").content.decode())
        for text in ("many", "ma")
        for page in (1, 2, 3)
    ]

    assert "65 found" in owner.get("/trade/?q=many").content.decode()
    assert [len(page) for page in found] == [30, 30, 5] * 2
    assert len({symbol for page in found[:3] for symbol in page}) == 65
    assert found[:3] == found[3:]


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


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/trade/?q=aplle", "Nothing is called “aplle”. Did you mean …"),
        ("/trade/suggestions/?q=aplle&nearly=1", "Nothing is called that. Did you mean …"),
    ],
)
def test_search_of_what_is_misspelled_says_what_may_be_meant(owner: Client, address: str, words: str) -> None:
    page = shown(owner.get(address))

    assert words in page
    assert "/trade/AAPL/" in page


def test_sync_shown_quotes_reads_what_a_page_could_not_wait_for(broker: BrokerStub) -> None:
    asset = AssetFactory.create(symbol="NEW")
    trade = {"t": "2026-03-02T15:00:00Z", "p": 12.5, "s": 10}
    broker.on("GET", "/v2/stocks/snapshots", json={"NEW": {"latestTrade": trade}})

    tasks.sync_shown_quotes(asset_ids=str(asset.pk))

    assert Quote.objects.get(asset=asset).last == Decimal("12.5")
