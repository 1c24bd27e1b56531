"""What pages and rules read of banks and transfers, by queries that are made once for a process."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet, Sum

from brokerapp.web.fixed_queries import FixedQuery
from funding.models import BankLink, Transfer
from funding.statuses import (
    FAILED_TRANSFER,
    IN_FLIGHT_TRANSFER,
    NO_MONEY,
    BankLinkStatus,
    Direction,
    RailName,
)

KEY, OTHER_KEY, PERSON = UUID(int=1), UUID(int=2), 918_273_645
"""Stand-ins."""
INSTANT, OTHER_INSTANT = (datetime(1900, 1, day, tzinfo=UTC) for day in (1, 2))


def _total(make: Callable[..., "QuerySet[Transfer]"], *stand_ins: Any) -> "FixedQuery[tuple[Decimal]]":
    """The sum of the amounts of transfers, USD, in a list; empty if there are none."""
    return FixedQuery(
        lambda *values: (
            make(*values).order_by().values("account").annotate(total=Sum("amount")).values_list("total")
        ),
        *stand_ins,
    )


def sum_of(found: list[tuple[Decimal]]) -> Decimal:
    """What such a query found, USD, 2 dp."""
    return found[0][0] if found else Decimal("0.00")


find_active_bank = FixedQuery(
    lambda account_id: BankLink.objects.active().filter(account=account_id).order_by("pk")[:1], KEY
)
find_refused_bank = FixedQuery(
    lambda account_id: BankLink.objects.filter(account=account_id, status=BankLinkStatus.REJECTED).order_by(
        "-created_at"
    )[:1],
    KEY,
)
find_transfer = FixedQuery(
    lambda account_id, pk: Transfer.objects.filter(account=account_id, pk=pk).select_related("bank_link"),
    KEY,
    OTHER_KEY,
)
find_in_flight = FixedQuery(
    lambda account_id: Transfer.objects.in_flight().filter(account=account_id).select_related("bank_link"),
    KEY,
)
find_ended = FixedQuery(
    lambda account_id: (
        Transfer.objects.exclude(status__in=IN_FLIGHT_TRANSFER)
        .filter(account=account_id)
        .select_related("bank_link")
    ),
    KEY,
)
find_returned = FixedQuery(
    lambda account_id, user_id, instant: Transfer.objects.filter(
        account=account_id, user=user_id
    ).returned_since(instant)[:1],
    KEY,
    PERSON,
    INSTANT,
)
find_unsettled = FixedQuery(
    lambda account_id: Transfer.objects.unsettled().filter(account=account_id, rail=RailName.ACH), KEY
)
find_deposits_since = _total(
    lambda account_id, since: Transfer.objects.filter(
        account=account_id, rail=RailName.ACH, direction=Direction.INCOMING, created_at__gte=since
    ).exclude(status__in=NO_MONEY),
    KEY,
    INSTANT,
)
find_going_out = _total(
    lambda account_id, read_at, same: (
        Transfer.objects.filter(account=account_id, direction=Direction.OUTGOING)
        .exclude(status__in=NO_MONEY)
        .exclude(Q(accepted_at__lt=read_at) | Q(needs_decision_at__lt=same))
    ),
    KEY,
    INSTANT,
    OTHER_INSTANT,
)
find_taken_back = _total(
    lambda account_id, read_at, same: Transfer.objects.filter(
        account=account_id,
        direction=Direction.INCOMING,
        completed_at__lt=read_at,
        status__in=FAILED_TRANSFER,
        status_at__gte=same,
    ),
    KEY,
    INSTANT,
    OTHER_INSTANT,
)
