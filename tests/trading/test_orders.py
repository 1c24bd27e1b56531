from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from tests.factories import OrderFactory
from trading.models import Order
from trading.statuses import OrderStatus

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("sent", "quote")]


@pytest.mark.parametrize(
    "columns",
    [
        {"qty": Decimal(1), "notional": Decimal(1)},
        {"qty": None, "notional": None},
        {"qty": Decimal(-1)},
        {"type": "LIMIT"},
        {"type": "STOP_LIMIT", "limit_price": Decimal(1)},
        {"limit_price": Decimal(1)},
        {"type": "TRAILING_STOP", "trail_price": Decimal(1), "trail_percent": Decimal(1)},
        {"order_class": "BRACKET", "take_profit_price": Decimal(1)},
        {"take_profit_price": Decimal(1)},
        {"stop_loss_limit_price": Decimal(1)},
        {"status": OrderStatus.NEW},
    ],
)
def test_order_constraints(account: BrokerageAccount, columns: dict[str, Any]) -> None:
    order = OrderFactory.create(account, status="")

    with pytest.raises(IntegrityError), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**columns)


def test_orders_of_one_account_are_listed_newest_first(account: BrokerageAccount) -> None:
    old = OrderFactory.create(account, created_at=timezone.now() - timedelta(days=1))
    new = OrderFactory.create(account)

    assert list(Order.objects.newest_first()) == [new, old]
