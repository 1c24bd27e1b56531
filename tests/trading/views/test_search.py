"""The search for something to trade."""

from uuid import uuid4

import pytest
from django.test import Client

from tests.factories import (
    AssetFactory,
    BrokerageAccountFactory,
)
from tests.trading.views.conftest import assert_constant_queries, signed_in
from trading.models import Asset, Quote

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
    assert_constant_queries(owner, "/trade/?q=s", lambda: AssetFactory.create(symbol=f"S{uuid4().hex[:6]}"))
