"""The roles that come with the product: groups of permissions, written to the database after each migration.

What a role may do is said here and changed nowhere else: the admin site shows the groups and does not edit
them. No role moves money by itself, and none can give itself more: money decisions are proposed by one person
and confirmed by another, rights are given by an administrator, who acts on nobody's money and not on
themselves.
"""

import logging
from collections.abc import Iterable
from enum import StrEnum
from typing import Any

from django.apps import AppConfig, apps
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser, Group, Permission
from django.db import transaction
from django.db.models.signals import post_migrate

from brokerapp.accounts.models import User
from brokerapp.in_hand.services import TAKE
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.workflow.state import IllegalMove

logger = logging.getLogger(__name__)


class Role(StrEnum):
    """The name of a group."""

    SUPPORT = "support"
    OPERATIONS = "operations"
    APPROVER = "approver"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


MANAGE_ROLES = "accounts.manage_roles"
REVEAL = "accounts.reveal_personal_data"
SEND_RESET = "accounts.send_password_reset"
REMOVE_SECOND_STEP = "accounts.remove_second_step"
WRITE_NOTE = "ops.add_staffnote"

WITHOUT_PERSONAL_DATA = frozenset(
    {
        "accounts.view_brokerageaccount",
        "accounts.view_user",
        "accounts.view_withdrawalhold",
        "activities.view_activity",
        "calls.view_apicall",
        "closing.view_accountclosing",
        "decisions.view_staffdecision",
        "funding.view_banklink",
        "funding.view_transfer",
        "health.view_errorpage",
        "health.view_heartbeat",
        "mailing.view_queuedmail",
        "notices.view_digest",
        "notices.view_notice",
        "onboarding.view_ciprecord",
        "ops.view_staffnote",
        "onboarding.view_document",
        "onboarding.view_duepaper",
        "onboarding.view_kycanswer",
        "onboarding.view_kycapplication",
        "onboarding.view_profilechange",
        "onboarding.view_taxform",
        "records.view_issueddocument",
        "streams.view_streamcursor",
        "trading.view_asset",
        "trading.view_dailyequity",
        "trading.view_fill",
        "trading.view_gainbook",
        "trading.view_order",
        "trading.view_orderprogress",
        "trading.view_position",
        "trading.view_positionssync",
        "trading.view_quote",
        "trading.view_quotepause",
        "workflow.view_statuschange",
    }
)
"""What support reads: names and e-mail addresses, to know whom they talk to, and of numbers the last four."""
OPERATE = frozenset(
    {
        "accounts.change_brokerageaccount",
        "accounts.change_withdrawalhold",
        "closing.change_accountclosing",
        "decisions.propose_staffdecision",
        "events.change_brokerevent",
        "events.view_brokerevent",
        "funding.change_banklink",
        "funding.change_transfer",
        "onboarding.change_document",
        "onboarding.change_kycapplication",
        "onboarding.view_agreement",
        "privacy.erase_personal_data",
        "privacy.export_personal_data",
        "privacy.view_datasubject",
        "trading.change_order",
        "trading.change_positionssync",
    }
)
CASES = frozenset(
    {
        "support.answer_case",
        "support.view_case",
    }
)
"""What people ask our support, and answering it. A question may hold anything, so each look is kept."""
ALL_READS = "*"
"""Of an auditor: every permission to view, whatever is added later."""

ROLES: dict[Role, frozenset[str]] = {
    Role.SUPPORT: WITHOUT_PERSONAL_DATA | CASES | {SEND_RESET, TAKE, WRITE_NOTE},
    Role.OPERATIONS: WITHOUT_PERSONAL_DATA
    | CASES
    | OPERATE
    | {SEND_RESET, REMOVE_SECOND_STEP, REVEAL, TAKE, WRITE_NOTE},
    Role.APPROVER: WITHOUT_PERSONAL_DATA | {"decisions.confirm_staffdecision", TAKE},
    Role.AUDITOR: frozenset({ALL_READS, REVEAL}),
    Role.ADMINISTRATOR: frozenset(
        {
            "accounts.view_user",
            "accounts.add_user",
            "accounts.change_user",
            "auth.view_group",
            MANAGE_ROLES,
            REMOVE_SECOND_STEP,
            SEND_RESET,
        }
    ),
}

TAKES_TWO = frozenset(Role) - {Role.SUPPORT}
"""Roles that act, or read everything: given by an administrator once a second person has agreed."""
GIVE_ROLE = "GIVE_ROLE"
"""The decision of two members of staff that somebody has one of those from now on."""

NOT_READ = frozenset({"sessions", "account", "mfa", "usersessions", "contenttypes"})
"""Apps whose rows open a session or an account: nobody reads them in the admin site."""


def connect() -> None:
    """Write the groups after each migration; called once, when the apps are ready."""
    post_migrate.connect(_after_migration, dispatch_uid="roles")


def _after_migration(app_config: AppConfig, **about: Any) -> None:
    """Permissions are made app by app, so the groups are made after the last one."""
    with_models = [config for config in apps.get_app_configs() if config.models_module is not None]
    if app_config == with_models[-1]:
        write_groups()


def write_groups() -> None:
    """Give each role's group exactly the permissions that it has here; one that is not there is logged."""
    known = _known_permissions()
    for role in Role:
        wanted = permissions_of(role, known)
        if missing := wanted - set(known):
            # In the middle of a migration to an earlier state, say.
            logger.warning("role %s: no such permission: %s", role, ", ".join(sorted(missing)))
        group, _ = Group.objects.get_or_create(name=role.value)
        group.permissions.set([known[name] for name in wanted - missing])


def _known_permissions() -> dict[str, int]:
    found = Permission.objects.values_list("content_type__app_label", "codename", "pk")
    return {f"{label}.{codename}": key for label, codename, key in found}


def permissions_of(role: Role, known: Iterable[str]) -> set[str]:
    """The permissions of a role, of all that are known."""
    names = set(ROLES[role])
    if ALL_READS in names:
        names.remove(ALL_READS)
        names |= {name for name in known if _is_read(name)}
    return names


def _is_read(name: str) -> bool:
    label, _, codename = name.partition(".")
    return codename.startswith("view_") and label not in NOT_READ


def may_manage(by: AbstractBaseUser | AnonymousUser, user: Any = None) -> bool:
    """Whether `by` may say what a member of staff may do: an administrator, of others than themselves.

    Nobody but a superuser touches a superuser; those are for setting the site up.
    """
    if not by.has_perm(MANAGE_ROLES):  # type: ignore[union-attr]
        return False
    return user is None or (user.pk != by.pk and (by.is_superuser or not user.is_superuser))  # type: ignore[union-attr]


def check_may_get(person: User) -> None:
    """Raises `IllegalMove` where nobody may be given a role."""
    if not person.is_active:
        raise IllegalMove("They may not sign in.")


def decide_giving(person: User, by: User, reason: str, names: str) -> None:
    """What a decision `GIVE_ROLE` does once a second person has confirmed it; `names` with commas between.

    Raises `IllegalMove` where somebody would be an administrator and something else.
    """
    check_may_get(person)
    before = access_of(person)
    after = {**before, "staff": True, "roles": sorted({*before["roles"], *names.split(",")})}
    if Role.ADMINISTRATOR in after["roles"] and len(after["roles"]) > 1:
        raise IllegalMove("An administrator gives roles and has no other: take the other away first.")
    with transaction.atomic():
        User.objects.filter(pk=person.pk).update(is_staff=True)
        person.groups.add(*Group.objects.filter(name__in=names.split(",")))
        detail = {"before": before, "after": after}
        record(Kind.RIGHTS_CHANGED, person=person, staff=by, obj=person, detail=detail, reason=reason)


def access_of(person: User) -> dict[str, Any]:
    """What the security log keeps of somebody's rights."""
    names = sorted(person.groups.values_list("name", flat=True))
    return {"roles": names, "staff": person.is_staff, "active": person.is_active}
