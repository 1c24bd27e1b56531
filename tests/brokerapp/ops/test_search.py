"""The one search of staff: whatever a person or the broker can quote leads to its page."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.roles import Role
from brokerapp.health.models import ErrorPage
from brokerapp.ops.finding import amount_and_day
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.support.models import Case
from onboarding.models import KycApplication
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.brokerapp.records.conftest import activity
from tests.factories import (
    BrokerageAccountFactory,
    OrderFactory,
    TransferFactory,
    UserFactory,
    staff_in_role,
)

pytestmark = pytest.mark.django_db
SEARCH = reverse("admin:ops_search")


@pytest.fixture
def support(client: Client) -> Client:
    client.force_login(staff_in_role(Role.SUPPORT))
    return client


@pytest.fixture
def account() -> BrokerageAccount:
    found = BrokerageAccountFactory.create(
        user=UserFactory.create(email="ann@example.com"), cash_withdrawable=Decimal(500)
    )
    BrokerageAccount.objects.filter(pk=found.pk).update(account_number="123454486")
    KycApplication.objects.filter(account=found).update(given_name="Ann", family_name="Lovelace")
    other = BrokerageAccountFactory.create()
    BrokerageAccount.objects.filter(pk=other.pk).update(account_number="999994487")
    found.refresh_from_db()
    return found


def found(client: Client, term: str) -> list[str]:
    """The addresses that a search leads to."""
    groups = client.get(SEARCH, {"q": term}).context["groups"]
    return [hit.url for _, hits in groups for hit, _ in hits]


def page_of(account: BrokerageAccount) -> str:
    return reverse("admin:ops_person", args=[account.user_id])


@pytest.mark.parametrize(
    "term", ["ann@example.com", "ANN@EXAMPLE.COM", "ann@ex", "Ann", "lovel", "ann lovelace", "Lovelace Ann"]
)
def test_person_is_found_by_name_and_address(support: Client, account: BrokerageAccount, term: str) -> None:
    assert found(support, term) == [page_of(account)]


@pytest.mark.parametrize("term", ["(212) 555-0123", "+12125550123", "2125550123"])
def test_person_is_found_by_a_whole_phone_number(
    support: Client, account: BrokerageAccount, term: str
) -> None:
    application = account.application
    application.phone_number = "+12125550123"
    application.save()
    assert page_of(account) in found(support, term)


@pytest.mark.parametrize("term", ["4486", "…4486", "54486", "123454486"])
def test_account_is_found_by_its_number_and_its_end(
    support: Client, account: BrokerageAccount, term: str
) -> None:
    assert found(support, term) == [reverse("admin:accounts_brokerageaccount_change", args=[account.pk])]


def test_rows_are_found_by_our_ids_and_the_brokers(support: Client, account: BrokerageAccount) -> None:
    transfer, order = TransferFactory.create(account), OrderFactory.create(account)
    for row, ids in (
        (transfer, (transfer.pk, transfer.broker_transfer_id)),
        (order, (order.pk, order.broker_order_id, order.client_order_id)),
        (account, (account.pk, account.broker_account_id)),
        (transfer.bank_link, (transfer.bank_link.relationship_id,)),  # type: ignore[union-attr]
    ):
        name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"  # type: ignore[union-attr]
        for key in ids:
            assert reverse(name, args=[row.pk]) in found(support, str(key)), (row, key)  # type: ignore[union-attr]


def test_call_and_what_became_of_it_are_found_by_request_id(
    support: Client, account: BrokerageAccount
) -> None:
    transfer = TransferFactory.create(account)
    call = ApiCallFactory.create(request_id=transfer.last_request_id, method="POST")
    urls = found(support, transfer.last_request_id.upper())
    assert reverse("admin:calls_apicall_change", args=[call.pk]) in urls
    assert any("/workflow/statuschange/" in url for url in urls)


def test_request_id_is_looked_for_by_few_queries_and_found_with_all_that_has_it(
    support: Client, account: BrokerageAccount
) -> None:
    request_id = "0123456789abcdef0123456789abcdef"
    call = ApiCallFactory.create(request_id=request_id)
    paid = activity(account, "DIV", request_id=request_id)
    case = Case.objects.create(user=account.user, reference=request_id)
    rows = {
        reverse("admin:calls_apicall_change", args=[call.pk]),
        reverse("admin:activities_activity_change", args=[paid.pk]),
        reverse("admin:support_case_change", args=[case.pk]),
    }
    found(support, "f" * 32)
    with CaptureQueriesContext(connection) as by_all:
        assert found(support, "f" * 32) == []
    with CaptureQueriesContext(connection) as by_request_id:
        assert set(found(support, request_id)) == rows
    assert len(by_request_id) + 10 < len(by_all)


def test_what_only_looks_like_a_request_id_is_found_as_well(
    support: Client, account: BrokerageAccount
) -> None:
    order = OrderFactory.create(account)
    assert reverse("admin:trading_order_change", args=[order.pk]) in found(support, order.pk.hex)


def test_request_id_leads_to_no_row_that_a_role_may_not_read(client: Client) -> None:
    ApiCallFactory.create(request_id="0123456789abcdef0123456789abcdef")
    client.force_login(staff_in_role(Role.ADMINISTRATOR))
    assert found(client, "0123456789abcdef0123456789abcdef") == []


def test_error_page_is_found_by_its_reference(support: Client) -> None:
    page = ErrorPage.objects.create(reference="00ab12cd34ef5678", at=datetime.now(UTC), status=500)
    assert found(support, "00AB12CD34EF5678") == [reverse("admin:health_errorpage_change", args=[page.pk])]


@pytest.mark.parametrize(
    "term", ["$250.00 2026-11-20", "250 11/20/2026", "2026-11-20 250.00", "250.00 on 2026-11-20"]
)
def test_transfer_is_found_by_amount_and_day_in_new_york(
    support: Client, account: BrokerageAccount, term: str
) -> None:
    # 11:30 pm in New York: the next day by UTC.
    late = TransferFactory.create(account, amount="250.00", now=datetime(2026, 11, 21, 4, 30, tzinfo=UTC))
    assert reverse("admin:funding_transfer_change", args=[late.pk]) in found(support, term)
    assert found(support, "250.00 2026-11-21") == []


@pytest.mark.parametrize("term", ["250.00", "2026-11-20", "250.00 2026-13-40", "a b", ""])
def test_amount_and_day_takes_nothing_else(term: str) -> None:
    assert amount_and_day(term) is None


@pytest.mark.parametrize("term", ["", " ", "%", "' or 1=1", "x" * 500, "0", "(", "…", "@"])
def test_nonsense_is_answered(support: Client, term: str) -> None:
    assert support.get(SEARCH, {"q": term}).status_code == 200


def test_roles_find_what_they_may_read(client: Client, account: BrokerageAccount) -> None:
    client.force_login(staff_in_role(Role.ADMINISTRATOR))
    assert found(client, "4486") == []
    assert found(client, "ann@example.com") == [page_of(account)]


def test_search_of_people_is_kept_without_what_was_searched(
    support: Client, account: BrokerageAccount
) -> None:
    found(support, "ann@example.com")
    event = SecurityEvent.objects.get(kind=Kind.PII_VIEWED)
    assert event.detail["page"] == "search"
    assert "ann" not in str(event.detail)


def test_search_asks_as_often_whatever_is_found(
    support: Client, account: BrokerageAccount, django_assert_max_num_queries: Any
) -> None:
    for _ in range(5):
        ApiCallFactory.create(request_id="a" * 32, person_id=account.user_id)
    with django_assert_max_num_queries(26):
        support.get(SEARCH, {"q": "a" * 32})
