"""What an account holds as a file."""

from collections.abc import Iterator
from decimal import Decimal

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from brokerapp.accounts.access import AccountRequiredMixin
from brokerapp.ui.csv_download import Cell, csv_response
from brokerapp.units.market_time import day_in_new_york
from brokerapp.units.money import quantize_cash
from trading.services import performance
from trading.services.performance import Figures
from trading.views.position_rows import Sort, share_of

HEADER = (
    "Symbol",
    "Name",
    "Shares",
    "Price (USD)",
    "Value (USD)",
    "Share of all (%)",
    "Day (USD)",
    "Cost (USD)",
    "Gain or loss (USD)",
    "Prices as of (UTC)",
)
POINT = Decimal("0.01")


class PositionsFile(AccountRequiredMixin):
    """Every position, not one page, in the order of the page; and the cash, so that values add up to all."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        now = timezone.now()
        figures = performance.get_figures(self.account, now)
        name = f"positions-{self.account.last4 or 'account'}-{day_in_new_york(now):%Y-%m-%d}.csv"
        return csv_response(name, HEADER, _rows(figures, Sort.of(request.GET.get("sort", ""))))


def _rows(figures: Figures, sort: Sort) -> Iterator[tuple[Cell, ...]]:
    valuation = figures.valuation
    positions = figures.positions(sort.column.word, descending=sort.descending)
    for holding in positions[0 : valuation.count]:
        yield (
            holding.position.symbol,
            holding.title,
            holding.position.qty,
            holding.price,
            _cents(holding.value),
            _points(share_of(holding.value, valuation.total)),
            holding.day.amount,
            _cents(holding.cost),
            _cents(holding.gain),
            valuation.priced_at if holding.price is not None else None,
        )
    cash = _points(share_of(valuation.cash, valuation.total))
    yield ("", "Cash", None, None, _cents(valuation.cash), cash, None, None, None, None)


def _cents(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else quantize_cash(amount)


def _points(fraction: Decimal | None) -> Decimal | None:
    return None if fraction is None else (fraction * 100).quantize(POINT)
