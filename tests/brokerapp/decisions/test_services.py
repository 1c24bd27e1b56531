"""Decisions on money take two people, whatever right each of them has."""

import re
from html import unescape
from typing import Any

import pyotp
import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from brokerapp.decisions import services
from brokerapp.decisions.models import DecisionStatus, StaffDecision
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.workflow.actors import ActorKind
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import IllegalMove, LostRace
from funding.models import Transfer
from funding.services.settling import NEVER_MADE, NotUndecided
from funding.statuses import TransferStatus
from tests.factories import (
    TOTP_SECRET,
    BrokerageAccountFactory,
    StaffFactory,
    TransferFactory,
    confirm,
    give_second_step,
    staff_in_role,
)

pytestmark = pytest.mark.django_db

REASON = "Dana at the broker looked it up on Monday: they have none."
LIST = reverse("admin:decisions_staffdecision_changelist")
TRANSFERS = reverse("admin:funding_transfer_changelist")


def proposed(transfer: Transfer | None = None, by: Any = None) -> StaffDecision:
    transfer = transfer or TransferFactory.create(status="UNKNOWN")
    by = by or staff_in_role("operations")
    return services.propose(what=NEVER_MADE, row=transfer, by=by, reason=REASON)


def transfer_of(decision: StaffDecision) -> Transfer:
    return Transfer.objects.get(pk=decision.row_id)


def test_propose_does_nothing_yet_and_is_kept_with_its_reason() -> None:
    decision = proposed()
    assert transfer_of(decision).status == TransferStatus.UNKNOWN
    event = SecurityEvent.objects.get(kind=Kind.DECISION_PROPOSED)
    assert (event.staff_id, event.reason) == (decision.proposed_by_id, REASON)
    assert (event.person_id, event.object_id) == (transfer_of(decision).user_id, decision.row_id)


def test_confirm_by_another_does_it_and_names_who_confirmed() -> None:
    decision, approver = proposed(), staff_in_role("approver")
    services.confirm(decision=decision, by=approver, reason="I asked Dana as well.")
    transfer = transfer_of(decision)
    assert transfer.status == TransferStatus.NOT_MADE
    last = list(StatusChange.objects.about(transfer))[-1]
    assert (last.actor, last.actor_id) == (ActorKind.STAFF, approver.pk)
    event = SecurityEvent.objects.get(kind=Kind.DECISION_CONFIRMED)
    assert (event.staff_id, event.detail["proposed_by"]) == (approver.pk, decision.proposed_by_id)


def test_confirm_by_the_same_person_is_refused_also_to_a_superuser() -> None:
    owner = StaffFactory.create()
    decision = proposed(by=owner)
    with pytest.raises(services.SamePerson):
        services.confirm(decision=decision, by=owner, reason=REASON)
    assert transfer_of(decision).status == TransferStatus.UNKNOWN
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.PROPOSED


def test_database_refuses_a_decision_confirmed_by_who_proposed_it() -> None:
    decision = proposed()
    rows = StaffDecision.objects.filter(pk=decision.pk)
    with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
        rows.update(status=DecisionStatus.CONFIRMED, decided_by_id=decision.proposed_by_id)
    with pytest.raises(IntegrityError, match="takes_two"), transaction.atomic():
        rows.update(status=DecisionStatus.CONFIRMED)


def test_propose_twice_is_refused_until_the_first_is_decided() -> None:
    decision = proposed()
    with pytest.raises(services.AlreadyProposed):
        proposed(transfer_of(decision))
    services.turn_down(decision=decision, by=staff_in_role("approver"), reason="They do have it.")
    assert transfer_of(decision).status == TransferStatus.UNKNOWN
    assert proposed(transfer_of(decision)).pk != decision.pk


def test_propose_about_what_is_settled_is_refused() -> None:
    with pytest.raises(NotUndecided):
        proposed(TransferFactory.create())
    assert not StaffDecision.objects.exists()


def test_confirm_of_what_was_settled_meanwhile_changes_nothing() -> None:
    decision = proposed()
    transfer = TransferFactory.create(status="COMPLETE")
    StaffDecision.objects.update(row_id=str(transfer.pk))
    decision.refresh_from_db()
    with pytest.raises(NotUndecided):
        services.confirm(decision=decision, by=staff_in_role("approver"), reason=REASON)
    decision.refresh_from_db()
    assert decision.status == DecisionStatus.PROPOSED
    assert not SecurityEvent.objects.filter(kind=Kind.DECISION_CONFIRMED).exists()


def test_confirm_of_what_was_decided_already_is_refused() -> None:
    decision = proposed()
    stale = StaffDecision.objects.get(pk=decision.pk)
    services.turn_down(decision=decision, by=staff_in_role("approver"), reason=REASON)
    with pytest.raises(LostRace):
        services.confirm(decision=stale, by=staff_in_role("approver"), reason=REASON)
    with pytest.raises(IllegalMove):
        services.confirm(decision=StaffDecision.objects.get(), by=staff_in_role("approver"), reason=REASON)
    assert transfer_of(decision).status == TransferStatus.UNKNOWN


# In admin


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    confirm(client)
    return client


def act(client: Client, url: str, action: str, row: Any, **data: str) -> str:
    reply = client.post(url, {"action": action, "_selected_action": [str(row.pk)], **data}, follow=True)
    return reply.content.decode()


def test_two_people_decide_in_admin_each_with_a_reason() -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    operations, approver = signed_in(staff_in_role("operations")), signed_in(staff_in_role("approver"))
    asked = act(operations, TRANSFERS, "propose_not_done", transfer)
    assert 'name="reason"' in asked
    assert "Say why" in act(operations, TRANSFERS, "propose_not_done", transfer, reason="")
    assert not StaffDecision.objects.exists()
    assert "waits for somebody else" in act(
        operations, TRANSFERS, "propose_not_done", transfer, reason=REASON
    )
    decision = StaffDecision.objects.get()
    assert REASON in approver.get(LIST).content.decode()
    assert 'name="reason"' in act(approver, LIST, "confirm", decision)
    act(approver, LIST, "confirm", decision, reason="I asked Dana as well.")
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.NOT_MADE


def test_who_proposed_cannot_confirm_in_admin_even_as_superuser() -> None:
    transfer, owner = TransferFactory.create(status="UNKNOWN"), signed_in(StaffFactory.create())
    act(owner, TRANSFERS, "propose_not_done", transfer, reason=REASON)
    page = act(owner, LIST, "confirm", StaffDecision.objects.get(), reason=REASON)
    assert "somebody else has to confirm it" in page
    transfer.refresh_from_db()
    assert transfer.status == TransferStatus.UNKNOWN


@pytest.mark.parametrize("role", ["support", "operations", "auditor", "administrator"])
def test_only_an_approver_confirms(role: str) -> None:
    decision = proposed()
    act(signed_in(staff_in_role(role)), LIST, "confirm", decision, reason=REASON)
    assert transfer_of(decision).status == TransferStatus.UNKNOWN


@pytest.mark.parametrize("role", ["support", "approver", "auditor", "administrator"])
def test_only_operations_proposes(role: str) -> None:
    transfer = TransferFactory.create(status="UNKNOWN")
    act(signed_in(staff_in_role(role)), TRANSFERS, "propose_not_done", transfer, reason=REASON)
    assert not StaffDecision.objects.exists()


def test_operations_takes_back_its_own_proposal_and_no_others() -> None:
    member = staff_in_role("operations")
    mine, others = proposed(by=member), proposed()
    client = signed_in(member)
    for decision in (mine, others):
        act(client, LIST, "turn_down", decision, reason=REASON)
    mine.refresh_from_db()
    others.refresh_from_db()
    assert (mine.status, others.status) == (DecisionStatus.TURNED_DOWN, DecisionStatus.PROPOSED)


def test_asking_for_a_reason_is_no_decision_in_the_log() -> None:
    decision = proposed()
    client = signed_in(staff_in_role("approver"))
    act(client, LIST, "confirm", decision)
    assert not SecurityEvent.objects.filter(kind=Kind.MONEY_DECIDED).exists()
    act(client, LIST, "confirm", decision, reason="I asked Dana as well.")
    assert SecurityEvent.objects.get(kind=Kind.MONEY_DECIDED).object_id == str(decision.pk)


def test_action_on_a_filtered_list_goes_on_once_confirmed() -> None:
    transfer, member = TransferFactory.create(status="UNKNOWN"), staff_in_role("operations")
    give_second_step(member)
    client = Client()
    client.force_login(member)
    queue = f"{TRANSFERS}?status__exact=UNKNOWN&undecided=no"
    chosen = {"action": "propose_not_done", "_selected_action": [str(transfer.pk)]}
    asked = client.post(queue, chosen)
    page = client.post(asked.headers["Location"], {"code": pyotp.TOTP(TOTP_SECRET).now()})
    assert page.status_code == 200
    said = page.content.decode()
    assert "Propose that it was never made" in said
    form = re.search(r'<form method="post" action="([^"]+)" novalidate>', said)
    assert form is not None
    assert unescape(form[1]) == queue
    client.post(queue, chosen | {"reason": REASON})
    assert StaffDecision.objects.get().row_id == str(transfer.pk)


def test_confirm_of_a_decision_about_oneself_is_refused() -> None:
    approver = staff_in_role("approver")
    decision = proposed(
        TransferFactory.create(BrokerageAccountFactory.create(user=approver), status="UNKNOWN")
    )
    with pytest.raises(IllegalMove):
        services.confirm(decision=decision, by=approver, reason=REASON)


def test_confirm_of_all_confirms_those_that_the_page_with_the_reason_showed() -> None:
    first, client = proposed(), Client()
    client.force_login(staff_in_role("approver"))
    confirm(client)
    asked = client.post(LIST, {"action": "confirm", "select_across": "1", "_selected_action": first.pk})
    hidden = dict(asked.context["hidden"])
    later = proposed()
    client.post(LIST, hidden | {"reason": "I have looked it up too, they have none."})
    first.refresh_from_db()
    later.refresh_from_db()
    assert (first.status, later.status) == (DecisionStatus.CONFIRMED, DecisionStatus.PROPOSED)
