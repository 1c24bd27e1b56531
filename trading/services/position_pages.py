"""What the page of one holding shows: its figures beside the whole account, and what became of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from django.db.models import Sum

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.activities.models import Activity
from brokerapp.web.fixed_queries import FixedQuery
from trading.day_change import session_day
from trading.lots import DIVIDENDS, ZERO
from trading.models import ClosedLot, GainBook, HeldLot, Order, Position
from trading.services import gains, holdings, market, performance
from trading.services.order_lists import LISTED
from trading.valuation import Holding

ROWS_SHOWN = 25
KEY, NAME = UUID(int=1), "a stand-in"
find_position = FixedQuery(
    lambda account_id, symbol: Position.objects.filter(account=account_id, symbol=symbol).select_related(
        "asset__quote"
    ),
    KEY,
    NAME,
)
find_orders = FixedQuery(
    lambda account_id, asset_id: (
        Order.objects.filter(account=account_id, asset=asset_id)
        .newest_first()
        .select_related(None)
        .only(*LISTED)
    ),
    KEY,
    UUID(int=2),
)
find_activities = FixedQuery(
    lambda account_id, symbols: Activity.objects.filter(
        account=account_id, symbol__one_of=symbols
    ).newest_first(),
    KEY,
    [NAME],
)
find_lots = FixedQuery(
    lambda account_id, symbol: HeldLot.objects.filter(account=account_id, symbol=symbol), KEY, NAME
)
find_realized: FixedQuery[tuple[Decimal]] = FixedQuery(
    lambda account_id, symbol: (
        ClosedLot.objects.filter(account=account_id, symbol=symbol)
        .order_by()
        .values("account")
        .annotate(total=Sum("gain"))
        .values_list("total")
    ),
    KEY,
    NAME,
)
find_dividends: FixedQuery[tuple[Decimal | None]] = FixedQuery(
    lambda account_id, symbols: (
        Activity.objects.standing()
        .filter(account=account_id, symbol__one_of=symbols, activity_type__in=DIVIDENDS)
        .order_by()
        .values("account")
        .annotate(total=Sum("net_amount"))
        .values_list("total")
    ),
    KEY,
    [NAME],
)


@dataclass(frozen=True)
class PositionFigures:
    """A holding, and what became of it. USD."""

    holding: Holding
    share: Decimal | None
    """The part that it is of all."""
    unpriced: Sequence[str]
    """Symbols that the whole is without, as they have no price."""
    book: GainBook | None
    lots: Sequence[HeldLot]
    """Those of its shares; empty where our books do not have all of them."""
    orders: Sequence[Order]
    activities: Sequence[Activity]
    realized: Decimal = ZERO
    dividends: Decimal = ZERO

    @property
    def average(self) -> Decimal | None:
        """What a share had cost."""
        cost, qty = self.holding.lots_cost, self.holding.position.qty
        return cost / qty if cost is not None and qty else None

    @property
    def all_gain(self) -> Decimal | None:
        """What it brought in all: not sold yet, sold, and dividends."""
        gain = self.holding.gain
        return None if gain is None else gain + self.realized + self.dividends


def get_position(account: BrokerageAccount, symbol: str) -> Position | None:
    """What an account holds under a symbol, however it is written; None if nothing."""
    if found := find_position(account.pk, symbol):
        return found[0]
    return Position.objects.get_held(account, symbol)


def get_position_figures(account: BrokerageAccount, position: Position, now: datetime) -> PositionFigures:
    """The figures of a position. Eight queries, however much the account holds."""
    worth = holdings.get_valuation(account)
    book = gains.get_book(account)
    # Activities may spell it as positions do.
    spellings = list(position.asset.kind.spellings(position.symbol))
    lots = find_lots(account.pk, position.symbol) if book else []
    is_whole = bool(lots) and sum((lot.qty for lot in lots), ZERO) == position.qty
    holding = Holding(position, getattr(position.asset, "quote", None))
    if is_whole:
        day = session_day(market.get_shown_clock(now), now, worth.newest)
        holding.lots_cost = sum((lot.cost for lot in lots), ZERO)
        holding.moves = performance.day_in_books(account, day, book).moves.get(position.symbol)
    return PositionFigures(
        holding=holding,
        share=holding.value / worth.total if holding.value is not None and worth.total > 0 else None,
        unpriced=worth.unpriced,
        book=book,
        lots=lots if is_whole else [],
        orders=find_orders(account.pk, position.asset_id, most=ROWS_SHOWN),
        activities=find_activities(account.pk, spellings, most=ROWS_SHOWN),
        realized=_total(find_realized(account.pk, position.symbol)) if is_whole else ZERO,
        dividends=_total(find_dividends(account.pk, spellings)) if is_whole else ZERO,
    )


def _total(found: Sequence[tuple[Decimal | None]]) -> Decimal:
    return (found[0][0] or ZERO) if found else ZERO
