"""What an account holds and at which prices: columns, not rows of models, as there may be hundreds."""

from collections.abc import Collection, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import F, Max, Min, Q, Sum, Value
from django.db.models.functions import Coalesce, NullIf

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.web.fixed_queries import FixedQuery
from trading.lots import ZERO
from trading.models import Asset, Position, Quote
from trading.valuation import Held

find_held: FixedQuery[tuple[Any, ...]] = FixedQuery(
    lambda account_id: (
        Position.objects.filter(account=account_id)
        .annotate(title=Coalesce(NullIf("asset__name", Value("")), F("asset__symbol")))
        .values_list(
            "pk",
            "symbol",
            "title",
            "qty",
            "cost_basis",
            "asset__quote__last",
            "asset__quote__previous_close",
        )
    ),
    UUID(int=1),
)
"""The columns of `Held`."""
find_worth: FixedQuery[tuple[Any, ...]] = FixedQuery(
    lambda account_id: (
        Position.objects.filter(account=account_id)
        .order_by()
        .values("account")
        .annotate(
            value=Sum(F("qty") * F("asset__quote__last")),
            unpriced=ArrayAgg("symbol", filter=Q(asset__quote__last__isnull=True), order_by="symbol"),
            newest=Max("asset__quote__as_of"),
            oldest=Min("asset__quote__synced_at"),
        )
        .values_list("value", "unpriced", "newest", "oldest")
    ),
    UUID(int=1),
)


class Worth(NamedTuple):
    """What all positions are worth together, USD, without those that have no price."""

    value: Decimal = ZERO
    unpriced: Sequence[str] = ()
    newest: datetime | None = None
    """When the market made the newest of the prices."""
    oldest: datetime | None = None
    """When the oldest of them was asked for."""


def read(account: BrokerageAccount) -> list[Held]:
    """What is held, by symbol, with the last prices synced. One query."""
    return [Held._make(row) for row in find_held(account.pk)]


def get_worth(account: BrokerageAccount) -> Worth:
    """What all positions of an account are worth. One query, however many there are."""
    for value, unpriced, newest, oldest in find_worth(account.pk):
        return Worth(value or ZERO, unpriced or (), newest, oldest)
    return Worth()


def quotes_of(symbols: Collection[str]) -> dict[str, Quote]:
    """Quotes of what is no longer held, or not yet. One query, if anything is asked for."""
    if not symbols:
        return {}
    found = Quote.objects.filter(asset__symbol__in=symbols, asset__status=Asset.ACTIVE)
    return {quote.asset.symbol: quote for quote in found.select_related("asset")}
