"""Staff take what waits in a queue, give it back, and see who has what."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.roles import Role
from brokerapp.decisions.models import StaffDecision
from brokerapp.in_hand import services
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from funding.models import Transfer
from onboarding.models import KycApplication
from tests.factories import BrokerageAccountFactory, TransferFactory, confirm, staff_in_role

pytestmark = pytest.mark.django_db

HOME, LIST = reverse("admin:index"), reverse("admin:funding_transfer_changelist")
QUEUE = {"undecided": "yes"}
WHY = "She is away until Monday."


@pytest.fixture
def member() -> User:
    return staff_in_role(Role.OPERATIONS, email="olga@example.com")


@pytest.fixture
def transfer() -> Transfer:
    account: BrokerageAccount = BrokerageAccountFactory.create()
    KycApplication.objects.filter(account=account).update(given_name="Ann", family_name="Lovelace")
    found = TransferFactory.create(account, status="UNKNOWN")
    Transfer.objects.filter(pk=found.pk).update(needs_decision_at=timezone.now())
    return found


def signed_in(member: User) -> Client:
    client = Client()
    client.force_login(member)
    return client


def act(client: Client, action: str, *rows: Transfer, **answers: str) -> str:
    data: dict[str, Any] = {"action": action, "_selected_action": [str(row.pk) for row in rows], **answers}
    return client.post(LIST, data, follow=True).content.decode()


def test_take_shows_on_the_home_and_in_the_list_who_has_it(member: User, transfer: Transfer) -> None:
    client, other = signed_in(member), signed_in(staff_in_role(Role.SUPPORT))
    assert "nobody" in client.get(HOME).content.decode()
    assert "In your hands: 1." in act(client, "take", transfer)
    home = client.get(HOME)
    (mine,) = home.context["mine"]
    assert (mine.title, mine.called) == ("Transfers to decide about", "Ann Lovelace")
    assert mine.url == reverse("admin:funding_transfer_change", args=[transfer.pk])
    (length,) = [each for each in home.context["lengths"] if each.queue.name == "transfers-undecided"]
    assert length.hands == (("you", 1),)
    seen = other.get(HOME)
    (length,) = [each for each in seen.context["lengths"] if each.queue.name == "transfers-undecided"]
    assert length.hands == (("olga@example.com", 1),)
    assert seen.context["mine"] == []
    assert "olga@example.com" in other.get(LIST, QUEUE).content.decode()
    csv = other.get(reverse("admin:funding_transfer_csv"), QUEUE)
    assert "olga@example.com" in b"".join(csv.streaming_content).decode()  # type: ignore[attr-defined]


def test_list_that_is_no_queue_has_no_column_of_hands(member: User, transfer: Transfer) -> None:
    client = signed_in(member)
    assert "in_hand" not in client.get(LIST).context["cl"].list_display
    assert "in_hand" in client.get(LIST, QUEUE | {"rail__exact": "ach"}).context["cl"].list_display


def test_filter_by_who_has_it(member: User, transfer: Transfer) -> None:
    free, client = TransferFactory.create(status="UNKNOWN"), signed_in(member)
    services.take(row=transfer, by=member, now=timezone.now())
    other = signed_in(staff_in_role(Role.SUPPORT))

    def listed(who: Client, hand: str) -> list[Any]:
        return [row.pk for row in who.get(LIST, {"hand": hand}).context["cl"].result_list]

    assert listed(client, "mine") == [transfer.pk]
    assert listed(other, "mine") == []
    assert listed(other, "somebody") == [transfer.pk]
    assert listed(other, "nobody") == [free.pk]


def test_take_of_what_another_has_asks_why_and_keeps_it(member: User, transfer: Transfer) -> None:
    services.take(row=transfer, by=member, now=timezone.now())
    other = staff_in_role(Role.OPERATIONS)
    page = act(signed_in(other), "take", transfer)
    assert "In hand of olga@example.com" in page
    assert services.holders_of(Transfer) == {str(transfer.pk): member.pk}
    act(signed_in(other), "take", transfer, reason=WHY)
    assert services.holders_of(Transfer) == {str(transfer.pk): other.pk}
    event = SecurityEvent.objects.filter(kind=Kind.ADMIN_ACTION).latest("pk")
    assert (event.staff_id, event.reason, event.detail["action"]) == (other.pk, WHY, "take")


def test_give_back_is_for_who_has_it(member: User, transfer: Transfer) -> None:
    services.take(row=transfer, by=member, now=timezone.now())
    assert "none of these in hand" in act(signed_in(staff_in_role(Role.SUPPORT)), "give_back", transfer)
    assert services.found_of(transfer) is not None
    assert "Given back: 1." in act(signed_in(member), "give_back", transfer)
    assert services.found_of(transfer) is None


def test_take_is_not_for_who_only_reads(transfer: Transfer) -> None:
    act(signed_in(staff_in_role(Role.AUDITOR)), "take", transfer)
    assert services.found_of(transfer) is None


# On the page of a single row


def page_of(row: Any) -> str:
    return reverse("admin:funding_transfer_change", args=[row.pk])


def offered(client: Client, row: Any) -> list[str]:
    return [name for name, _ in client.get(page_of(row)).context["row_actions"]]


def do(client: Client, row: Any, action: str, **answers: str) -> str:
    return client.post(page_of(row), {"action": action, **answers}, follow=True).content.decode()


def test_take_and_give_back_on_the_page_of_a_row(member: User, transfer: Transfer) -> None:
    client = signed_in(member)
    assert offered(client, transfer)[0] == "take"
    page = do(client, transfer, "take")
    assert "In your hands: 1." in page
    assert "In hand of" in page
    assert services.holders_of(Transfer) == {str(transfer.pk): member.pk}
    assert "give_back" in offered(client, transfer)
    assert "take" not in offered(client, transfer)
    page = do(client, transfer, "give_back")
    assert "Given back: 1." in page
    assert "In hand of" not in page
    event = SecurityEvent.objects.filter(kind=Kind.ADMIN_ACTION).latest("pk")
    assert (event.object_id, event.detail["action"]) == (str(transfer.pk), "give_back")


def test_take_over_on_the_page_of_a_row_asks_why(member: User, transfer: Transfer) -> None:
    services.take(row=transfer, by=member, now=timezone.now())
    other = staff_in_role(Role.OPERATIONS)
    client = signed_in(other)
    page = client.get(page_of(transfer)).content.decode()
    assert "olga@example.com" in page
    assert "Take over" in page
    assert "In hand of olga@example.com" in do(client, transfer, "take")
    do(client, transfer, "take", reason=WHY)
    assert services.holders_of(Transfer) == {str(transfer.pk): other.pk}
    assert SecurityEvent.objects.filter(kind=Kind.ADMIN_ACTION).latest("pk").reason == WHY


def test_row_that_waits_for_nobody_is_not_offered_to_be_taken(member: User) -> None:
    assert "take" not in offered(signed_in(member), TransferFactory.create(status="COMPLETE"))


def test_action_on_the_page_of_a_row_is_for_who_may_do_it(transfer: Transfer) -> None:
    auditor = signed_in(staff_in_role(Role.AUDITOR))
    assert offered(auditor, transfer) == []
    assert auditor.post(page_of(transfer), {"action": "take"}).status_code == 403
    assert services.found_of(transfer) is None


def test_action_on_the_page_of_a_row_is_done_to_no_other(member: User, transfer: Transfer) -> None:
    other = TransferFactory.create(status="UNKNOWN")
    do(signed_in(member), transfer, "take", _selected_action=str(other.pk), select_across="1")
    assert services.holders_of(Transfer) == {str(transfer.pk): member.pk}
    event = SecurityEvent.objects.filter(kind=Kind.ADMIN_ACTION).latest("pk")
    assert event.object_id == str(transfer.pk)


def test_action_on_money_on_the_page_of_a_row_asks_once_more_who_it_is(
    member: User, transfer: Transfer
) -> None:
    client = signed_in(member)
    reply = client.post(page_of(transfer), {"action": "propose_not_done"})
    assert "reauthenticate" in reply["Location"]
    confirm(client)
    assert 'name="reason"' in client.post(page_of(transfer), {"action": "propose_not_done"}).content.decode()
    do(client, transfer, "propose_not_done", reason=WHY)
    assert StaffDecision.objects.get().row_id == str(transfer.pk)
    assert SecurityEvent.objects.filter(kind=Kind.MONEY_DECIDED).latest("pk").object_id == str(transfer.pk)


def test_take_by_two_is_one_persons(member: User, transfer: Transfer) -> None:
    other = staff_in_role(Role.SUPPORT)
    services.take(row=transfer, by=member, now=timezone.now())
    assert services.take(row=transfer, by=member, now=timezone.now()) == member.pk
    with pytest.raises(services.TakenByAnother):
        services.take(row=transfer, by=other, now=timezone.now())
    assert services.take(row=transfer, by=other, over=True, now=timezone.now()) == member.pk


def test_row_that_left_its_queue_is_in_nobodys_way(member: User, transfer: Transfer) -> None:
    services.take(row=transfer, by=member, now=timezone.now())
    Transfer.objects.update(needs_decision_at=None, status="NOT_MADE")
    home = signed_in(member).get(HOME)
    assert home.context["mine"] == []
    assert all(length.hands == () for length in home.context["lengths"])
