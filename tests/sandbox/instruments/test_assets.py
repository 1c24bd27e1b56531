import re
from decimal import Decimal
from uuid import UUID

import pytest

from sandbox.instruments.assets import load_assets, make_asset

BY_SYMBOL = {asset.symbol: asset for asset in load_assets()}


def test_load_assets_lists_hundreds_of_distinct_symbols_in_order():
    symbols = [asset.symbol for asset in load_assets()]
    assert len(symbols) >= 700
    assert symbols == sorted(set(symbols))


def test_load_assets_gives_distinct_uuid_ids_that_never_change():
    ids = {asset.id for asset in load_assets()}
    assert len(ids) == len(load_assets())
    assert all(str(UUID(id_)) == id_ for id_ in ids)
    assert BY_SYMBOL["AAPL"].id == "b0b6dd9d-8b9b-48a9-ba46-b9d54906e415"
    assert BY_SYMBOL["MSFT"].id == "56f99fdf-4c6d-5136-a7d6-e46f18dcdc6f"


def test_load_assets_rows_are_well_formed():
    def is_well_formed(asset):
        places = 4 if asset.base_price < 1 else 2
        return (
            re.fullmatch(r"[A-Z]{1,5}(\.[A-Z])?", asset.symbol)
            and asset.name == asset.name.strip() != ""
            and asset.exchange in {"NYSE", "NASDAQ", "ARCA", "AMEX", "BATS"}
            and asset.base_price > 0
            and asset.base_price == asset.base_price.quantize(Decimal(10) ** -places)
            and 0.05 < asset.volatility < 1
        )

    assert [asset for asset in load_assets() if not is_well_formed(asset)] == []


@pytest.mark.parametrize(
    ("symbol", "name", "exchange"),
    [
        ("AAPL", "Apple Inc.", "NASDAQ"),
        ("BRK.B", "Berkshire Hathaway Inc. Class B", "NYSE"),
        ("BF.B", "Brown-Forman Corporation Class B", "NYSE"),
        ("WMT", "Walmart Inc.", "NASDAQ"),
        ("JPM", "JPMorgan Chase & Co.", "NYSE"),
        ("CBOE", "Cboe Global Markets, Inc.", "BATS"),
        ("IMO", "Imperial Oil Limited", "AMEX"),
        ("VTI", "Vanguard Total Stock Market ETF", "ARCA"),
        ("VOO", "Vanguard S&P 500 ETF", "ARCA"),
        ("QQQ", "Invesco QQQ Trust, Series 1", "NASDAQ"),
        ("IEFA", "iShares Core MSCI EAFE ETF", "BATS"),
    ],
)
def test_load_assets_knows_name_and_listing_exchange(symbol, name, exchange):
    asset = BY_SYMBOL[symbol]
    assert (asset.name, asset.exchange, asset.status) == (name, exchange, "active")
    assert (asset.tradable, asset.fractionable, asset.shortable, asset.marginable) == (True,) * 4


@pytest.mark.parametrize("symbol", ["SPY", "IWM", "DIA", "TSM", "BABA", "NVDA", "GOOG", "GOOGL", "TSLA"])
def test_load_assets_has_what_people_look_for_first(symbol):
    assert BY_SYMBOL[symbol].tradable


def test_load_assets_has_the_awkward_cases():
    assets = load_assets()
    assert any(a.tradable and not a.fractionable for a in assets)
    assert any(a.tradable and not a.shortable for a in assets)
    assert any(a.shortable and not a.easy_to_borrow for a in assets)
    assert any(a.status == "active" and not a.tradable for a in assets)
    assert any(a.status == "inactive" for a in assets)
    assert any(a.base_price < 1 for a in assets)
    assert any("ptp_no_exception" in a.attributes for a in assets)
    assert not any(a.tradable for a in assets if a.status == "inactive")


def test_asset_with_an_unknown_flag_is_refused():
    with pytest.raises(ValueError, match="wobbly"):
        make_asset(symbol="X", name="X", exchange="NYSE", price="1.00", flags="wobbly")
