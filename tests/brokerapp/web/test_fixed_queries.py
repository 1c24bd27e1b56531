"""A query that is made once gives what Django's own gives."""

from datetime import timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from django.contrib.sessions.models import Session
from django.db import connection
from django.db.models import F, Q
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from brokerapp.accounts.models import BrokerageAccount, User, find_accounts
from brokerapp.broker.calls.models import ApiCall
from brokerapp.web.fixed_queries import FixedQuery
from brokerapp.web.sessions import SessionStore
from tests.factories import AssetFactory, BrokerageAccountFactory, QuoteFactory, UserFactory
from trading.models import Asset

pytestmark = pytest.mark.django_db


def columns(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_find_accounts_gives_the_same_rows_as_the_query_set() -> None:
    person = UserFactory.create()
    BrokerageAccountFactory.create()
    for status in ("ACTIVE", "ACCOUNT_CLOSED", "ACTIVE"):
        BrokerageAccountFactory.create(user=person, status=status, kyc_results={"reject": {"A": "b"}})

    found, wanted = find_accounts(person.pk), BrokerageAccount.objects.of_person(person.pk)

    assert [columns(row) for row in found] == [columns(row) for row in wanted]
    assert len(found) == 3
    assert not found[0]._state.adding
    assert find_accounts(0) == []


def test_get_of_a_person_by_key_and_otherwise() -> None:
    person = UserFactory.create()

    assert columns(User.objects.get(pk=person.pk)) == columns(User.objects.get(email=person.email))
    with pytest.raises(User.DoesNotExist):
        User.objects.get(pk=0)


def kept_plans(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE %s", [f"%{table}%"])
        (found,) = cursor.fetchone()
    return int(found)


def test_plans_are_kept_of_fixed_queries_alone() -> None:
    """A plan for any values cannot use an index of the calls that went wrong."""
    find = FixedQuery(lambda pk: Asset.objects.filter(pk=pk).order_by("-symbol", "name"), UUID(int=1))
    before = kept_plans("trading_asset"), kept_plans("calls_apicall")
    for _ in range(9):
        find(UUID(int=2))
        assert not ApiCall.objects.exclude(outcome="OK").exists()

    assert (kept_plans("trading_asset"), kept_plans("calls_apicall")) == (before[0] + 1, before[1])


def test_session_that_has_ended_is_none() -> None:
    session = SessionStore()
    session["a"] = 1
    session.save()
    assert SessionStore(session.session_key)["a"] == 1

    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))

    ended = SessionStore(session.session_key)
    assert (ended.get("a"), ended.session_key) == (None, None)


def test_fixed_query_refuses_a_value_that_it_cannot_find() -> None:
    with pytest.raises(ValueError, match="has to be in it once"):
        FixedQuery(lambda pk: User.objects.filter(pk__gt=1), 918_273_645)(5)


def test_fixed_query_brings_along_related_rows_and_annotations(
    django_assert_num_queries: Any,
) -> None:
    priced = QuoteFactory.create(symbol="AAA")
    AssetFactory.create(symbol="BBB")
    query = FixedQuery(
        lambda name: (
            Asset.objects.filter(symbol__gte=name)
            .select_related("quote")
            .annotate(is_a=Q(symbol="AAA"))
            .order_by("symbol")
        ),
        "stand-in",
    )

    with django_assert_num_queries(1):
        first, second = query("A")
        assert (first.quote, first.is_a) == (priced, True)
        assert columns(first.quote) == columns(priced)
        assert first.quote.asset is first
        assert (hasattr(second, "quote"), second.is_a) == (False, False)
    assert columns(first) == columns(priced.asset)


def test_fixed_query_of_some_columns_asks_for_others_as_they_are_read(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    quote = QuoteFactory.create(symbol="A1")
    query = FixedQuery(
        lambda symbol: (
            Asset.objects.filter(symbol=symbol).select_related("quote").only("symbol", "quote__last")
        ),
        "x",
    )
    with django_assert_num_queries(1):
        (found,) = query("A1")
        assert (found, found.symbol, found.quote.last) == (quote.asset, "A1", quote.last)
    with django_assert_num_queries(1):
        assert found.quote.bid == quote.bid


def test_fixed_query_gives_tuples_a_page_at_a_time_and_counts() -> None:
    for number in range(5):
        QuoteFactory.create(symbol=f"A{number}", last=Decimal(number))
    find: FixedQuery[tuple[str, Decimal]] = FixedQuery(
        lambda name: (
            Asset.objects.filter(symbol__gte=name)
            .annotate(twice=F("quote__last") * 2)
            .order_by("-symbol")
            .values_list("symbol", "twice")
        ),
        "stand-in",
    )

    assert find("A3") == [("A4", Decimal(8)), ("A3", Decimal(6))]
    assert [name for name, _ in find("A0", first=2, most=2)] == ["A2", "A1"]
    assert find("A0", first=9, most=2) == []
    assert (find.count("A1"), find.count("B")) == (4, 0)
