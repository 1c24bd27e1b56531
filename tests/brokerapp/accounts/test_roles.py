"""Roles: what each may do, and that nobody makes itself, or anybody, more."""

import re
from decimal import Decimal
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import Group, Permission
from django.core import mail
from django.test import Client
from django.urls import reverse

from brokerapp.accounts import roles
from brokerapp.accounts.models import User, WithdrawalHold
from brokerapp.accounts.roles import Role
from brokerapp.decisions import services as decisions
from brokerapp.decisions.models import DecisionStatus, StaffDecision
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.models import SecurityEvent
from brokerapp.ui.admin_pages import models_in_admin
from brokerapp.workflow.state import IllegalMove
from tests.factories import (
    PASSWORD,
    BrokerageAccountFactory,
    StaffFactory,
    UserFactory,
    confirm,
    give_second_step,
    staff_in_role,
)

pytestmark = pytest.mark.django_db

RAISED = {"is_superuser": "on", "is_staff": "on", "is_active": "on", "groups": [], "user_permissions": []}


def signed_in(person: User) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page_of(user: User) -> str:
    return reverse("admin:accounts_user_change", args=[user.pk])


def raising() -> dict[str, Any]:
    """Everything that could make somebody more, as a form would send it."""
    return {
        **RAISED,
        "email": "mine@example.com",
        "password": "pbkdf2_sha256$1$x$x",
        "groups": [group.pk for group in Group.objects.all()],
        "user_permissions": [permission.pk for permission in Permission.objects.all()[:50]],
    }


def rights_of(user: User) -> tuple[Any, ...]:
    user = User.objects.get(pk=user.pk)
    return (user.is_superuser, user.is_staff, user.email, user.password, user.get_all_permissions())


def test_write_groups_makes_every_role_with_what_it_may_do_and_no_more() -> None:
    for role in Role:
        group = Group.objects.get(name=role.value)
        group.permissions.clear()
        group.permissions.add(Permission.objects.get(codename="add_logentry"))
    roles.write_groups()
    known = {
        f"{label}.{codename}"
        for label, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }
    for role in Role:
        wanted = roles.permissions_of(role, known)
        assert wanted <= known, role
        assert staff_in_role(role).get_all_permissions() == wanted


def test_no_role_has_the_two_parts_of_a_decision_on_money() -> None:
    for role in Role:
        names = roles.ROLES[role]
        both = {"decisions.propose_staffdecision", "decisions.confirm_staffdecision"}
        assert not both <= names
    assert not any(name.startswith("decisions.propose") for name in roles.ROLES[Role.ADMINISTRATOR])
    assert not any(name.startswith("decisions.confirm") for name in roles.ROLES[Role.ADMINISTRATOR])


def test_only_administrators_have_to_do_with_rights_and_only_they() -> None:
    with_rights = {role for role in Role if roles.MANAGE_ROLES in roles.ROLES[role]}
    assert with_rights == {Role.ADMINISTRATOR}
    others = [name for role in Role if role != Role.ADMINISTRATOR for name in roles.ROLES[role]]
    assert not [
        name for name in others if name.startswith("auth.") or name.endswith(("add_user", "change_user"))
    ]


def test_auditor_changes_nothing_and_reads_the_security_log() -> None:
    rights = staff_in_role(Role.AUDITOR).get_all_permissions()
    assert "security_log.view_securityevent" in rights
    assert {name.split(".")[1].split("_")[0] for name in rights} == {"view", "reveal"}
    assert not {name for name in rights if name.startswith(("sessions.", "account.", "mfa."))}


# The issue's: a member of staff with `change_user` made itself superuser and set a customer's password.


def test_staff_with_change_user_cannot_make_itself_superuser_nor_set_a_customers_password() -> None:
    member = StaffFactory.create(is_superuser=False)
    for codename in (
        "change_user",
        "view_user",
        "add_user",
        "delete_user",
        "change_group",
        "change_permission",
    ):
        member.user_permissions.add(*Permission.objects.filter(codename=codename))
    client, customer = signed_in(member), UserFactory.create()
    before = {user.pk: rights_of(user) for user in (member, customer)}

    for user in (member, customer):
        assert client.get(page_of(user)).status_code == 200
        assert client.post(page_of(user), raising()).status_code == 403
        assert client.post(
            f"{page_of(user)}password/", {"password1": "x" * 20, "password2": "x" * 20}
        ).status_code in (302, 404)
        assert (
            client.post(reverse("admin:accounts_user_delete", args=[user.pk]), {"post": "yes"}).status_code
            == 403
        )
    assert client.post(reverse("admin:accounts_user_add"), {"email": "mine@example.com"}).status_code == 403
    group = Group.objects.get(name="administrator")
    assert client.post(reverse("admin:auth_group_change", args=[group.pk]), {"name": "x"}).status_code == 403

    assert {user.pk: rights_of(user) for user in (member, customer)} == before
    assert customer.check_password(PASSWORD)
    assert SecurityEvent.objects.filter(kind=Kind.ADMIN_REFUSED, staff_id=member.pk).count() >= 5


@pytest.mark.parametrize("role", [*Role, "superuser"])
def test_nobody_sets_a_password_an_address_or_superuser_in_admin(role: str) -> None:
    member = StaffFactory.create() if role == "superuser" else staff_in_role(role)
    client, customer = signed_in(member), UserFactory.create()
    for user in (member, customer):
        before = rights_of(user)[:1] + rights_of(user)[2:4]
        client.post(page_of(user), raising())
        client.post(f"{page_of(user)}password/", {"password1": "x" * 20, "password2": "x" * 20})
        assert rights_of(user)[:1] + rights_of(user)[2:4] == before
    assert not User.objects.get(pk=customer.pk).user_permissions.exists()


@pytest.mark.parametrize("role", Role)
def test_nobody_changes_their_own_rights(role: Role) -> None:
    member = staff_in_role(role)
    before = rights_of(member)
    assert signed_in(member).post(page_of(member), raising()).status_code == 403
    assert rights_of(member) == before


def grant(client: Client, user: User, *names: str, **answers: str) -> Any:
    groups = [group.pk for group in Group.objects.filter(name__in=names)]
    return client.post(page_of(user), {"is_active": "on", "is_staff": "on", "groups": groups, **answers})


def test_administrator_gives_a_role_to_somebody_else_and_it_is_kept() -> None:
    administrator, person = staff_in_role(Role.ADMINISTRATOR), UserFactory.create()
    assert grant(signed_in(administrator), person, "support").status_code == 302
    person = User.objects.get(pk=person.pk)
    assert person.is_staff
    assert [group.name for group in person.groups.all()] == ["support"]
    event = SecurityEvent.objects.get(kind=Kind.RIGHTS_CHANGED)
    assert (event.staff_id, event.person_id) == (administrator.pk, person.pk)
    assert event.detail["before"] == {"roles": [], "staff": False, "active": True}
    assert event.detail["after"] == {"roles": ["support"], "staff": True, "active": True}


@pytest.mark.parametrize("role", sorted(roles.TAKES_TWO))
def test_role_that_acts_is_given_by_two(role: str) -> None:
    administrator, person = staff_in_role(Role.ADMINISTRATOR), UserFactory.create()
    client = signed_in(administrator)
    assert "Say in a sentence why" in grant(client, person, role).content.decode()
    grant(client, person, role, reason="They start on Monday in the team of Dana.")
    person.refresh_from_db()
    assert (person.is_staff, person.groups.exists()) == (False, False)
    decision, approver = StaffDecision.objects.get(), staff_in_role(Role.APPROVER)
    assert (decision.person_id, decision.value) == (person.pk, role)
    with pytest.raises(decisions.SamePerson):
        decisions.confirm(decision=decision, by=administrator, reason="Me again, as I said so.")
    decisions.confirm(decision=decision, by=approver, reason="I know that they start on Monday.")
    person.refresh_from_db()
    assert person.is_staff
    assert [group.name for group in person.groups.all()] == [role]
    event = SecurityEvent.objects.get(kind=Kind.RIGHTS_CHANGED)
    assert (event.staff_id, event.detail["after"]["roles"]) == (approver.pk, [role])


def test_role_that_acts_beside_one_that_does_not_and_one_taken_away() -> None:
    person = staff_in_role(Role.AUDITOR)
    reason = "They move to the team of Dana."
    grant(signed_in(staff_in_role(Role.ADMINISTRATOR)), person, "support", "operations", reason=reason)
    assert [group.name for group in person.groups.all()] == ["support"]
    decisions.confirm(decision=StaffDecision.objects.get(), by=staff_in_role(Role.APPROVER), reason=reason)
    assert sorted(group.name for group in person.groups.all()) == ["operations", "support"]


def test_superuser_sets_up_the_first_roles_alone() -> None:
    person = UserFactory.create()
    grant(signed_in(StaffFactory.create()), person, "approver", reason="The first who approves.")
    assert [group.name for group in person.groups.all()] == ["approver"]


def test_administrators_role_is_not_given_beside_another_that_came_meanwhile() -> None:
    person = UserFactory.create()
    grant(
        signed_in(staff_in_role(Role.ADMINISTRATOR)), person, "administrator", reason="They start on Monday."
    )
    person.groups.add(Group.objects.get(name="support"))
    with pytest.raises(IllegalMove):
        decisions.confirm(
            decision=StaffDecision.objects.get(),
            by=staff_in_role(Role.APPROVER),
            reason="They start on Monday.",
        )
    assert StaffDecision.objects.get().status == DecisionStatus.PROPOSED


def test_administrator_has_no_other_role_and_customers_have_none() -> None:
    client, person = signed_in(staff_in_role(Role.ADMINISTRATOR)), UserFactory.create()
    both = grant(client, person, "administrator", "approver")
    assert "An administrator gives roles and has no other" in both.content.decode()
    customer = client.post(
        page_of(person), {"is_active": "on", "groups": [Group.objects.get(name="support").pk]}
    )
    assert "Only staff have a role" in customer.content.decode()
    assert not person.groups.exists()


def test_administrator_does_not_touch_a_superuser() -> None:
    client, owner = signed_in(staff_in_role(Role.ADMINISTRATOR)), StaffFactory.create()
    assert client.post(page_of(owner), {"is_active": ""}).status_code == 403
    owner.refresh_from_db()
    assert owner.is_active


def test_administrator_adds_somebody_who_chooses_a_password_by_mail() -> None:
    client = signed_in(staff_in_role(Role.ADMINISTRATOR))
    assert client.post(reverse("admin:accounts_user_add"), {"email": "New@Example.com"}).status_code == 302
    added = User.objects.get(email="new@example.com")
    assert not added.has_usable_password()
    assert not added.is_staff
    again = client.post(reverse("admin:accounts_user_add"), {"email": "new@example.com"})
    assert "has this e-mail address already" in again.content.decode()


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("support", True),
        ("operations", True),
        ("administrator", True),
        ("approver", False),
        ("auditor", False),
    ],
)
def test_staff_send_a_reset_and_never_see_the_link(role: str, may: bool) -> None:
    member, person = staff_in_role(role), UserFactory.create()
    reply = signed_in(member).post(
        reverse("admin:accounts_user_changelist"),
        {"action": "send_reset", "_selected_action": [person.pk]},
        follow=True,
    )
    assert [message.to for message in mail.outbox] == ([[person.email]] if may else [])
    assert "/reset/key/" not in reply.content.decode()
    if may:
        assert re.search("/password/reset/key/", str(mail.outbox[0].body))
        assert SecurityEvent.objects.get(kind=Kind.PASSWORD_RESET_SENT).staff_id == member.pk


def test_what_opens_an_account_or_a_session_is_not_in_admin() -> None:

    labels = {model._meta.label for model in models_in_admin()}
    assert not {label for label in labels if label.split(".")[0] in roles.NOT_READ}


def test_may_manage_is_for_administrators_and_others_than_themselves() -> None:
    administrator, owner, person = (
        staff_in_role(Role.ADMINISTRATOR),
        StaffFactory.create(),
        UserFactory.create(),
    )
    assert roles.may_manage(administrator, person)
    assert not roles.may_manage(administrator, administrator)
    assert not roles.may_manage(administrator, owner)
    assert roles.may_manage(owner, administrator)
    assert not roles.may_manage(staff_in_role(Role.OPERATIONS), person)


def confirmed(person: User) -> Client:
    client = signed_in(person)
    confirm(client)
    return client


def take_away(client: Client, user: User, **answers: str) -> str:
    data = {"action": "remove_second_step", "_selected_action": [user.pk], **answers}
    return client.post(reverse("admin:accounts_user_changelist"), data, follow=True).content.decode()


def test_lost_second_step_is_taken_away_for_a_reason_and_money_waits() -> None:
    person, member = UserFactory.create(), staff_in_role(Role.OPERATIONS)
    give_second_step(person)
    client = confirmed(member)
    assert 'name="reason"' in take_away(client, person)
    assert Authenticator.objects.filter(user=person).exists()
    take_away(client, person, reason="She came to the office with her passport.")
    assert not Authenticator.objects.filter(user=person).exists()
    assert [hold.cause for hold in WithdrawalHold.objects.filter(user=person)] == ["MFA"]
    event = SecurityEvent.objects.get(kind=Kind.MFA_REMOVED)
    assert (event.person_id, event.staff_id) == (person.pk, member.pk)


@pytest.mark.parametrize("role", [Role.OPERATIONS, Role.SUPPORT, Role.AUDITOR])
def test_second_step_of_staff_is_an_administrators_to_take_away_and_never_ones_own(role: Role) -> None:
    member, administrator = staff_in_role(role), staff_in_role(Role.ADMINISTRATOR)
    reason = "They asked me to do it in person."
    take_away(confirmed(member), administrator, reason=reason)
    take_away(confirmed(administrator), administrator, reason=reason)
    assert Authenticator.objects.filter(user=administrator).exists()
    take_away(confirmed(administrator), member, reason=reason)
    assert Authenticator.objects.filter(user=member).exists()  # it opens the pages of staff
    decision = StaffDecision.objects.get()
    assert decision.person_id == member.pk
    decisions.confirm(decision=decision, by=staff_in_role(Role.APPROVER), reason=reason)
    assert not Authenticator.objects.filter(user=member).exists()


def test_lost_second_step_before_much_money_is_taken_away_by_two(settings: Any) -> None:
    settings.SECOND_PERSON_ABOVE = Decimal(500)
    person = BrokerageAccountFactory.create(cash_withdrawable=Decimal("500.01")).user
    give_second_step(person)
    page = take_away(
        confirmed(staff_in_role(Role.OPERATIONS)), person, reason="She was here, with her passport."
    )
    assert "somebody else has to agree first" in page
    assert Authenticator.objects.filter(user=person).exists()
    decision = StaffDecision.objects.get()
    decisions.confirm(decision=decision, by=staff_in_role(Role.APPROVER), reason="I was there.")
    assert not Authenticator.objects.filter(user=person).exists()
    assert [hold.cause for hold in WithdrawalHold.objects.filter(user=person)] == ["MFA"]


def test_action_that_opens_much_asks_once_more_who_it_is() -> None:
    person, client = UserFactory.create(), Client()
    give_second_step(person)
    client.force_login(staff_in_role(Role.OPERATIONS))
    reply = client.post(
        reverse("admin:accounts_user_changelist"),
        {"action": "remove_second_step", "_selected_action": [person.pk], "reason": "They came in person."},
    )
    assert (reply.status_code, "reauthenticate" in reply.headers.get("Location", "")) == (302, True)
    assert Authenticator.objects.filter(user=person).exists()
