from datetime import date
from decimal import Decimal

import pytest

from brokerapp.units.dated import read_rates


def test_read_rates_oldest_first() -> None:
    assert read_rates(["2026-04-04=20.60", " 2025-05-14 = 0"]) == (
        (date(2025, 5, 14), Decimal(0)),
        (date(2026, 4, 4), Decimal("20.60")),
    )


@pytest.mark.parametrize("text", ["20.60", "2026-04-04=", "2026-04-04=-1", "2026-13-01=1", "2026-04-04=nan"])
def test_read_rates_refuses_what_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        read_rates([text])
