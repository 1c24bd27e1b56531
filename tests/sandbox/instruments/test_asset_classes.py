import pytest

from sandbox.instruments.asset_classes import COINS, OPTIONS, SHARES, AssetClass, asset_class_of
from sandbox.instruments.assets import load_assets
from sandbox.instruments.crypto_pairs import load_pairs
from sandbox.instruments.option_contracts import asset_of
from sandbox.orders.asset_classes import trading_of

CALL = "AAPL270115C00250000"


@pytest.mark.parametrize(
    ("symbol", "expected", "shown", "share"),
    [
        ("AAPL", SHARES, "AAPL", "AAPL"),
        ("BRK.B", SHARES, "BRK.B", "BRK.B"),
        ("BTC/USD", COINS, "BTCUSD", "BTC/USD"),
        (CALL, OPTIONS, CALL, "AAPL"),
        ("", SHARES, "", ""),
    ],
)
def test_asset_class_of_every_spelling(symbol: str, expected: AssetClass, shown: str, share: str) -> None:
    found = asset_class_of(symbol)

    assert found is expected
    assert (found.shown(symbol), found.share_of(symbol)) == (shown, share)
    assert trading_of(symbol).asset_class is expected


def test_symbol_and_asset_agree_on_the_class() -> None:
    for asset in (*load_assets(), *load_pairs(), asset_of(CALL)):
        assert asset_class_of(asset.symbol).name == asset.asset_class
