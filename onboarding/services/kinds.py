"""One more account of the same person: which kinds there are for them, and what is known already."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django import forms
from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.statuses import AccountStatus
from onboarding import rules
from onboarding.kinds import ONLY_TAXED_HERE, WITH_KNOWN_OWNER, AccountKind, lives_and_pays_tax_here
from onboarding.models import KycApplication
from onboarding.questions import child, retirement
from onboarding.questions.catalogue import PAGES
from onboarding.questions.conditions import is_empty
from onboarding.questions.descriptions import Question
from onboarding.services import profile
from onboarding.statuses import EDITABLE_APPLICATION

OF_ONE_ACCOUNT = (
    retirement.RETIREMENT,
    retirement.BENEFICIARIES,
    retirement.BENEFICIARY_DETAILS,
    child.CUSTODY,
    child.CHILD,
    child.ACCOUNT_EMAIL,
)
"""Pages whose answers are about one account, and are asked anew for the next."""
OF_ONE_APPLICATION = frozenset(
    {"signed_revisions", "w8ben_signed", "identity_paper", "identity_paper_expires"}
)
"""Answers that stand for a signature or a paper, which the next application does not have."""
TAX_ID = ("tax_id", "tax_id_type", "tax_id_last4")
IRAS = frozenset({"traditional", "roth"})


class KindRefused(Exception):
    """A person cannot apply for this kind of account now; the message says why."""


class FirstNotOpen(KindRefused):
    """Their first account is not open yet."""


class HasItAlready(KindRefused):
    """They have one, or have applied for it."""


class NotTaxedHere(KindRefused):
    """The kind exists in the tax law of the United States only."""


@dataclass(frozen=True)
class Known:
    """What a person has here: their applications, the newest first, and their account to begin with."""

    applications: list[KycApplication]
    first: KycApplication | None
    """The application of an open account, whose answers are taken over."""

    @classmethod
    def of(cls, user: User) -> "Known":
        """One query."""
        rows = list(KycApplication.objects.of_person(user.pk).select_related("account"))
        opened = [row for row in rows if row.account and row.account.status == AccountStatus.ACTIVE]
        # The account that names no other: further ones name it (Broker API, primary_account_holder_id).
        own = [row for row in opened if not row.holder_id and row.account_kind in WITH_KNOWN_OWNER]
        oldest = own or opened
        return cls(rows, oldest[-1] if oldest else None)

    @property
    def was_sent(self) -> bool:
        """Whether they have applied before."""
        return any(row.submitted_at for row in self.applications)


def draft_of(known: Known, kind: AccountKind) -> KycApplication | None:
    """The application for this kind that the person has begun and not sent, or got back."""
    ours = [row for row in known.applications if row.account_kind == kind]
    return next((row for row in ours if row.status in EDITABLE_APPLICATION), None)


def refusal(known: Known, kind: AccountKind) -> KindRefused | None:
    """Why a person cannot begin an application for a kind of account; None if they can."""
    in_use = _in_use(known, kind)
    if kind == AccountKind.INDIVIDUAL and in_use:
        return HasItAlready("You have this account, or have applied for it.")
    if kind == AccountKind.IRA and {row.answer("account_sub_type") for row in in_use} >= IRAS:
        return HasItAlready("You have a traditional and a Roth IRA, or have applied for them.")
    if known.first is None:
        if known.was_sent:
            return FirstNotOpen("You can apply for it once your first account is open.")
        return None
    if kind != AccountKind.INDIVIDUAL and not lives_and_pays_tax_here(known.first.answer):
        return NotTaxedHere(ONLY_TAXED_HERE)
    return None


def _in_use(known: Known, kind: AccountKind) -> list[KycApplication]:
    over = (AccountStatus.ACCOUNT_CLOSED, AccountStatus.REJECTED)
    return [
        row
        for row in known.applications
        if row.account_kind == kind
        and row.status not in EDITABLE_APPLICATION
        and not (row.account and row.account.status in over)
    ]


def taken_sub_types(application: KycApplication) -> set[str]:
    """The kinds of IRA that the person has by another application."""
    others = KycApplication.objects.of_person(application.user_id).in_use().exclude(pk=application.pk)
    iras = others.filter(account_kind=AccountKind.IRA)
    return {str(row.answer("account_sub_type")) for row in iras}


def taken_addresses(application: KycApplication) -> set[str]:
    """The e-mail addresses, in small letters, that other accounts of the person have at the broker."""
    others = KycApplication.objects.of_person(application.user_id).in_use().exclude(pk=application.pk)
    known = [application.user.email, *others.values_list("email_address", flat=True)]
    return {address.casefold() for address in known}


def start_application(*, user: User, kind: AccountKind) -> KycApplication:
    """The person's application for a kind of account: the one they have begun, or a new one.

    A new one has what another application says of them already, but for agreements, which are signed anew.
    Raises `KindRefused`.
    """
    with transaction.atomic():
        # Of two requests at once, one waits and then finds the other's.
        User.objects.select_for_update(of=("self",), no_key=True).get(pk=user.pk)
        known = Known.of(user)
        if (begun := draft_of(known, kind)) is not None:
            return begun
        if refused := refusal(known, kind):
            raise refused
        application = KycApplication(user=user, account_kind=kind)
        if known.first is not None:
            _take_over(application, known.first)
        application.save(force_insert=True)
    return application


def _take_over(application: KycApplication, known: KycApplication) -> None:
    """Answer what the person has answered before, as they have changed it since."""
    first: BrokerageAccount | None = known.account
    assert first is not None
    application.keep_answers(_answers_of(profile.current(first)))
    if {application.account_kind, known.account_kind} <= WITH_KNOWN_OWNER:
        application.holder_id = known.holder_id or first.broker_account_id
    else:
        application.keep_answers({"has_other_account": True})
        if known.tax_id:  # else it was forgotten, and is asked for again
            for name in TAX_ID:
                setattr(application, name, getattr(known, name))


def _answers_of(known: KycApplication) -> dict[str, Any]:
    pages = [page for page in PAGES.values() if page not in OF_ONE_ACCOUNT]
    names = [
        question.name
        for page in pages
        for question in page.questions
        if question.name not in OF_ONE_APPLICATION and _still_holds(question, known.answer(question.name))
    ]
    seen = [page.seen for page in pages if page.seen]
    found = {name: known.answer(name) for name in [*names, *seen] if name not in TAX_ID}
    return {name: answer for name, answer in found.items() if not is_empty(answer)}


def _still_holds(question: Question, answer: Any) -> bool:
    """Whether an answer of then would be taken today: a visa may have ended."""
    if question.rule is None or is_empty(answer):
        return True
    is_day = question.ask is not None and isinstance(question.field(), forms.DateField)
    try:
        question.rule(date.fromisoformat(answer) if is_day and isinstance(answer, str) else answer)
    except rules.AnswerRefused:
        return False
    return True
