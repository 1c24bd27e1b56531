"""What the broker's support gets: everything they ask for, and nothing personal."""

import json
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.roles import Role
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.support.services import open_case
from tests.brokerapp.broker.calls.factories import ApiCallFactory
from tests.factories import BrokerageAccountFactory, OrderFactory, UserFactory, staff_in_role

pytestmark = pytest.mark.django_db
HANDOUT = reverse("admin:calls_apicall_handout")
LIST = reverse("admin:calls_apicall_changelist")


@pytest.fixture
def support(client: Client) -> Client:
    client.force_login(staff_in_role(Role.SUPPORT))
    return client


def test_handout_of_a_row_names_it_by_the_brokers_ids_and_nobody(support: Client) -> None:
    account = BrokerageAccountFactory.create(user=UserFactory.create(email="ann@example.com"))
    order = OrderFactory.create(account)
    lost = ApiCallFactory.create(
        about_type="trading.Order",
        about_id=str(order.pk),
        person_id=account.user_id,
        account_id=account.broker_account_id,
        method="POST",
        outcome="UNKNOWN",
        http_status=504,
        error_message="Gateway timeout",
    )
    reply = support.get(
        HANDOUT,
        {"about": str(order.pk), "format": "json", "expected": "An order for ann@example.com, 124-55-4321"},
    )
    found = json.loads(reply.content)
    assert found["about"]["client_order_id"] == order.client_order_id
    assert found["about"]["broker_account_id"] == str(account.broker_account_id)
    (call,) = found["calls"]
    assert call["request_id"] == lost.request_id
    assert call["came"] == "no reply that says whether it was done"
    assert call["expected"] == "a 2xx reply, or a 4xx that says what is wrong"
    assert call["sent_at"].endswith("Z")
    text = support.get(HANDOUT, {"about": str(order.pk), "format": "text"}).content.decode()
    for content in (reply.content.decode(), text):
        for personal in ("ann@example.com", "Ada", "Byron", "124-55-4321", str(account.user.email)):
            assert personal not in content
    assert lost.request_id in text
    assert SecurityEvent.objects.filter(kind=Kind.LIST_EXPORTED).count() == 2


def test_handout_of_a_selection_has_each_call(support: Client) -> None:
    calls = ApiCallFactory.create_batch(3, method="POST")
    ApiCallFactory.create(method="POST")
    page = support.post(
        LIST, {"action": "hand_out", "_selected_action": [call.pk for call in calls]}, follow=True
    ).content.decode()
    assert all(call.request_id in page for call in calls)
    assert "3 calls." in page


def test_handout_of_a_call_without_an_answer_names_our_call_id(support: Client) -> None:
    call = ApiCallFactory.create(request_id="", outcome="IN_FLIGHT", http_status=None, finished_at=None)
    assert f"our call id {call.call_id}" in support.get(HANDOUT, {"call": call.pk}).content.decode()


@pytest.mark.parametrize("asked", [{}, {"call": "x"}, {"about": ""}, {"call": "0", "format": "json"}])
def test_handout_of_nothing_is_empty(support: Client, asked: dict[str, str]) -> None:
    ApiCallFactory.create()
    assert support.get(HANDOUT, asked).status_code == 200
    assert "1 call" not in support.get(HANDOUT, asked).content.decode()


def test_list_leaves_reads_out_that_went_well_unless_asked_for(support: Client) -> None:
    read, write = ApiCallFactory.create(), ApiCallFactory.create(method="POST")
    failed = ApiCallFactory.create(outcome="NOT_DONE", http_status=404)

    def listed(**asked: str) -> set[int]:
        return {row.pk for row in support.get(LIST, asked).context["cl"].result_list}

    assert listed() == {write.pk, failed.pk}
    assert listed(reads="all") == {read.pk, write.pk, failed.pk}
    assert listed(q=read.request_id) == {read.pk}
    assert listed(http="2xx") == {read.pk, write.pk}


def test_handout_of_a_case_has_its_calls_and_its_number(support: Client) -> None:
    account = BrokerageAccountFactory.create()
    order = OrderFactory.create(account)
    call = ApiCallFactory.create(
        about_type="trading.Order", about_id=str(order.pk), person_id=account.user_id, method="POST"
    )
    case = open_case(
        person=account.user,
        case_id=uuid4(),
        topic="ORDER",
        text="Why was it refused? My SSN is 124-55-4321.",
        reference=str(order.pk),
        account=account,
        now=timezone.now(),
    )
    url = reverse("admin:support_case_handout", args=[case.pk])
    assert url in support.get(reverse("admin:support_case_change", args=[case.pk])).content.decode()
    found = json.loads(support.get(url, {"format": "json"}).content)
    assert found["our_reference"] == f"case {case.pk}"
    assert found["about"]["client_order_id"] == order.client_order_id
    assert [each["request_id"] for each in found["calls"]] == [call.request_id]
    assert "124-55-4321" not in str(found)
