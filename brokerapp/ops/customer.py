"""Everything about a person on one page, as far as a member of staff may read it: the newest of each kind.

Of personal data only what lists of staff show anyway: name, e-mail address, the ends of numbers. The rest is
behind the page that reveals it, which asks why.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime

from allauth.mfa.models import Authenticator
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.urls import reverse

from brokerapp.accounts.capabilities import Capability, refusal
from brokerapp.accounts.models import BrokerageAccount, User, WithdrawalHold
from brokerapp.ops.models import StaffNote
from brokerapp.ops.sections import KINDS, Section
from onboarding.kyc_results import open_requests


@dataclass(frozen=True)
class AccountFacts:
    """An account as staff need it at a glance: what it may do, and why not."""

    account: BrokerageAccount
    blocks: list[tuple[str, str]]
    """What it may not do now, and the fact that keeps it from that."""
    asks: list[str]
    """What the broker's KYC checks still want, in words."""


@dataclass(frozen=True)
class Customer:
    """A person as staff see them."""

    user: User
    accounts: list[AccountFacts]
    second_steps: list[str]
    hold: WithdrawalHold | None
    sections: list[Section] = field(default_factory=list)
    notes: list[StaffNote] = field(default_factory=list)


def customer(user: User, staff: AbstractBaseUser | AnonymousUser, now: datetime) -> Customer:
    """The person, with the sections that the member of staff may read. About one query a section."""
    may: Callable[[str], bool] = staff.has_perm  # type: ignore[union-attr]
    accounts = []
    if may("accounts.view_brokerageaccount"):
        accounts = [facts_of(account) for account in BrokerageAccount.objects.of_person(user.pk)]
    steps = [step.get_type_display() for step in Authenticator.objects.filter(user=user).order_by("pk")]
    notes = []
    if may("ops.view_staffnote"):
        notes = list(StaffNote.objects.filter(person_id=user.pk).order_by("-at")[:50])
    hold = WithdrawalHold.objects.current(user.pk, now) if may("accounts.view_withdrawalhold") else None
    sections = [kind.of(user) for kind in KINDS if may(kind.permission)]
    return Customer(user, accounts, [str(step) for step in steps], hold, sections, notes)


def facts_of(account: BrokerageAccount) -> AccountFacts:
    """What an account may not do now and why, and what the broker still wants of its owner."""
    found = ((capability.label, refusal(account, capability)) for capability in Capability)
    blocks = [(str(label), str(why)) for label, why in found if why is not None]
    return AccountFacts(account, blocks, [asked.title for asked in open_requests(account.kyc_results)])


def ways_on(user: User, staff: AbstractBaseUser | AnonymousUser) -> Iterable[tuple[str, str]]:
    """Pages that act on the person, for those who may: rights and reset mails, export and erasure."""
    pages = (
        ("accounts.view_user", "admin:accounts_user_change", "Sign-in and rights"),
        ("privacy.view_datasubject", "admin:privacy_datasubject_change", "Export or erase their data"),
    )
    for permission, name, title in pages:
        if staff.has_perm(permission):  # type: ignore[union-attr]
            yield reverse(name, args=[user.pk]), title
