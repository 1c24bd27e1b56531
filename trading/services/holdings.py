"""What an account holds and at which prices: columns, not rows of models, as there may be hundreds."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.db.models import F, Value
from django.db.models.functions import Coalesce, NullIf

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.web.fixed_queries import FixedQuery
from trading.day_change import Prices
from trading.models import Asset, Position, Quote
from trading.valuation import Held

PRICES = ("last", "previous_close", "as_of", "synced_at")
find_held: FixedQuery[tuple[Any, ...]] = FixedQuery(
    lambda account_id: (
        Position.objects.filter(account=account_id)
        .annotate(title=Coalesce(NullIf("asset__name", Value("")), F("asset__symbol")))
        .values_list(
            "pk", "symbol", "title", "qty", "cost_basis", *(f"asset__quote__{name}" for name in PRICES)
        )
    ),
    UUID(int=1),
)


def read(account: BrokerageAccount) -> list[tuple[Held, Prices | None]]:
    """What is held, by symbol, each with the last prices synced, if there are any. One query."""
    return [(Held(*row[:5]), None if row[7] is None else Prices(*row[5:])) for row in find_held(account.pk)]


def prices_of(symbols: Collection[str]) -> dict[str, Prices]:
    """Prices of what is no longer held, or not yet. One query, if anything is asked for."""
    if not symbols:
        return {}
    found = Quote.objects.filter(asset__symbol__in=symbols, asset__status=Asset.ACTIVE)
    return {symbol: Prices(*row) for symbol, *row in found.values_list("asset__symbol", *PRICES)}
