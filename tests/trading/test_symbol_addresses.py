"""Symbols in addresses."""

from uuid import UUID

import pytest
from django.urls import resolve, reverse

from trading.symbol_addresses import fill_in

NOBODY = UUID(int=1)
PAGES = ["position", "asset", "ticket", "estimate", "chart", "price_table"]


@pytest.mark.parametrize(
    ("symbol", "written"),
    [
        ("AAPL", "AAPL"),
        ("BRK.B", "BRK.B"),
        ("BAC-PB", "BAC-PB"),
        ("ABC_D", "ABC_D"),
        ("BTC/USD", "BTC~USD"),
        ("AAPL260116C00200000", "AAPL260116C00200000"),
    ],
)
@pytest.mark.parametrize("page", PAGES)
def test_symbol_in_an_address_comes_back_as_it_was(page: str, symbol: str, written: str) -> None:
    address = reverse(f"trading:{page}", args=[NOBODY, symbol])

    assert f"/{written}/" in address
    assert resolve(address).kwargs["symbol"] == symbol
    assert fill_in(reverse(f"trading:{page}", args=[NOBODY, "-"]), symbol) == address
