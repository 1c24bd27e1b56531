"""Statements that are made once do what the framework's own do."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.web.fixed_queries import lock, lock_columns, read_again
from brokerapp.web.fixed_writes import insert, set_and_read, set_columns
from brokerapp.workflow.models import StatusChange
from tests.factories import AssetFactory, BrokerageAccountFactory, OrderFactory
from trading.models import Asset, Order

pytestmark = pytest.mark.django_db


def test_set_columns_changes_the_rows_that_are_meant() -> None:
    account = BrokerageAccountFactory.create()
    other = BrokerageAccountFactory.create()
    now, results = timezone.now(), {"reject": {"A": [1, None, "b"]}}

    changed = set_columns(
        BrokerageAccount,
        {"pk": account.pk, "status": account.status, "balances_due_at": None},
        {"cash": Decimal("12.345678901"), "balances_due_at": now, "kyc_results": results},
    )

    account.refresh_from_db()
    assert changed == 1
    assert (account.cash, account.balances_due_at) == (Decimal("12.345678901"), now)
    assert account.kyc_results == results
    assert BrokerageAccount.objects.get(pk=other.pk).balances_due_at is None


@pytest.mark.parametrize("where", [{"status": "ACCOUNT_CLOSED"}, {"balances_at": None}, {"id": UUID(int=1)}])
def test_set_columns_of_no_such_row_changes_nothing(where: dict[str, Any]) -> None:
    account = BrokerageAccountFactory.create(status="ACTIVE")
    BrokerageAccount.objects.update(balances_at=timezone.now())

    assert set_columns(BrokerageAccount, {"pk": account.pk, **where}, {"cash": Decimal(5)}) == 0
    account.refresh_from_db()
    assert account.cash != 5


def test_set_columns_takes_expressions_rows_and_lists() -> None:
    order, asset = OrderFactory.create(BrokerageAccountFactory.create()), AssetFactory.create(symbol="NEW")
    assert set_columns(Order, {"pk": order.pk}, {"failed_reads": models.F("failed_reads") + 2}) == 1
    set_columns(Order, {"pk": order.pk}, {"asset": asset})
    assert set_columns(Asset, {"pk": asset.pk}, {"attributes": ["a", "b"]}) == 1

    order.refresh_from_db()
    asset.refresh_from_db()
    assert (order.failed_reads, order.asset_id, asset.attributes) == (2, asset.pk, ["a", "b"])


def test_set_and_read_gives_what_others_changed_meanwhile_in_one_statement(
    django_assert_num_queries: Any,
) -> None:
    order = OrderFactory.create(BrokerageAccountFactory.create())
    other = AssetFactory.create(symbol="OTHER")
    account = order.account
    Order.objects.filter(pk=order.pk).update(failed_reads=7, asset=other)

    with django_assert_num_queries(1):
        assert set_and_read(order, {"status": order.status, "claimed_at": None}, {"status_reason": "why"})
        assert (order.failed_reads, order.status_reason, order.account) == (7, "why", account)
    assert order.asset == other
    fresh = Order.objects.get(pk=order.pk)
    for field in Order._meta.concrete_fields:
        assert getattr(order, field.attname) == getattr(fresh, field.attname), field.attname


def test_set_and_read_of_a_row_that_is_not_so_changes_nothing() -> None:
    order = OrderFactory.create(BrokerageAccountFactory.create())
    Order.objects.filter(pk=order.pk).update(status="FILLED", failed_reads=7)

    assert not set_and_read(order, {"status": "SUBMITTING"}, {"status_reason": "why"})
    assert not set_and_read(order, {"status": "SUBMITTING"}, {"failed_reads": models.F("failed_reads") + 1})
    assert (order.failed_reads, order.status_reason) == (0, "")
    order.refresh_from_db()
    assert (order.failed_reads, order.status_reason) == (7, "")


def test_set_and_read_takes_expressions() -> None:
    order = OrderFactory.create(BrokerageAccountFactory.create())
    assert set_and_read(order, {}, {"failed_reads": models.F("failed_reads") + 2})
    assert order.failed_reads == 2


def test_lock_columns_gives_those_of_the_row_that_is_there() -> None:
    order = OrderFactory.create(BrokerageAccountFactory.create())
    with transaction.atomic():
        found = lock_columns(Order, order.pk, ("status", "claimed_at", "symbol"))
        assert found == (order.status, order.claimed_at, order.symbol)
        assert lock_columns(Order, uuid4(), ("status",)) is None


def test_insert_writes_what_save_would() -> None:
    made = [
        StatusChange(row_type="x", row_id="1", to_status="NEW", actor="sweep", reason="why") for _ in range(2)
    ]
    insert(made[0])
    made[1].save(force_insert=True)

    first, second = StatusChange.objects.order_by("id")
    assert (first.pk, second.pk) == (made[0].pk, made[1].pk)
    assert not made[0]._state.adding
    differing = {"id", "at"}
    for field in StatusChange._meta.concrete_fields:
        if field.name not in differing:
            assert getattr(first, field.name) == getattr(second, field.name), field.name


def test_insert_of_a_key_that_is_there_is_refused() -> None:
    order = OrderFactory.create(BrokerageAccountFactory.create())
    copy = Order.objects.get(pk=order.pk)
    with pytest.raises(IntegrityError), transaction.atomic():
        insert(copy)


def test_insert_of_a_row_with_a_list_and_a_generated_column() -> None:
    asset = AssetFactory.build(id=uuid4(), symbol="NEW", attributes=["a"])
    insert(asset)

    assert Asset.objects.get(symbol="NEW").searched.startswith("new ")


def test_read_again_keeps_what_a_row_still_refers_to() -> None:
    order = OrderFactory.create(BrokerageAccountFactory.create())
    account, asset = order.account, AssetFactory.create(symbol="NEW")
    assert order.asset.symbol == "AAPL"
    Order.objects.update(asset=asset, cancel_refusal="why", due_at=timezone.now() + timedelta(days=1))

    read_again(order)

    assert order.account is account
    assert (order.asset.symbol, order.cancel_refusal) == ("NEW", "why")
    fresh = Order.objects.get(pk=order.pk)
    for field in Order._meta.concrete_fields:
        assert getattr(order, field.attname) == getattr(fresh, field.attname), field.name


def test_read_again_and_lock_of_a_row_that_is_gone() -> None:
    order = Order(id=uuid4())
    with pytest.raises(Order.DoesNotExist):
        read_again(order)
    with pytest.raises(Order.DoesNotExist), transaction.atomic():
        lock(Order, order.pk)


def test_lock_reads_along_what_it_is_asked_for(django_assert_num_queries: Any) -> None:
    order = OrderFactory.create(BrokerageAccountFactory.create())
    with transaction.atomic(), django_assert_num_queries(1) as captured:
        assert lock(Order, order.pk, "account").account == order.account
    assert 'FOR NO KEY UPDATE OF "trading_order"' in captured.captured_queries[0]["sql"]
