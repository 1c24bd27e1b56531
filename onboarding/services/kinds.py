"""One more account of the same person: which kinds there are for them, and what is known already."""

from dataclasses import dataclass
from typing import Any

from django.db import transaction

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.statuses import FINAL_ACCOUNT, AccountStatus
from onboarding.kinds import ONLY_TAXED_HERE, WITH_KNOWN_OWNER, AccountKind, lives_and_pays_tax_here
from onboarding.models import KycApplication
from onboarding.questions import child, retirement
from onboarding.questions.catalogue import PAGES, every_question, forget_what_is_not_asked
from onboarding.questions.conditions import is_empty
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
HAS_INDIVIDUAL = (
    "You have an individual account here, or have applied for one, and each person has one of them. Go on "
    "with yours: it is under “What you have”."
)
HAS_BOTH_IRAS = (
    "You have a traditional and a Roth IRA here, or have applied for them, and each person has one of both. "
    "Go on with yours: they are under “What you have”."
)
FIRST_NOT_OPEN = "Your first account has to be open before you apply for another. It is not open yet."
OVER = (AccountStatus.ACCOUNT_CLOSED, AccountStatus.REJECTED)


class KindRefused(Exception):
    """A person cannot apply for this kind of account now; the message says why.

    `page` is the key of the page where it can be mended; "" where none of the application's can do it.
    """

    def __init__(self, words: str, page: str = "") -> None:
        self.page = page
        super().__init__(words)


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
    former: KycApplication | None
    """That of one that is closed, where no application leads to another any more."""

    @classmethod
    def of(cls, user: User, *, besides: KycApplication | None = None) -> "Known":
        """Without the application `besides`, if there is one. One query."""
        found = KycApplication.objects.of_person(user.pk).select_related("account")
        rows = [row for row in found if besides is None or row.pk != besides.pk]
        opened = [row for row in rows if row.account and row.account.status == AccountStatus.ACTIVE]
        # The account that names no other: further ones name it (Broker API, primary_account_holder_id).
        own = [row for row in opened if not row.holder_id and row.account_kind in WITH_KNOWN_OWNER]
        oldest = own or opened
        sent = [row for row in rows if row.submitted_at]
        closed = [row for row in sent if row.account and row.account.status in FINAL_ACCOUNT]
        has_none_left = bool(sent) and closed == sent
        return cls(rows, oldest[-1] if oldest else None, closed[0] if has_none_left else None)

    @property
    def was_sent(self) -> bool:
        """Whether they have applied before."""
        return any(row.submitted_at for row in self.applications)

    @property
    def source(self) -> KycApplication | None:
        """The application whose answers the next one begins with."""
        return self.first or self.former

    def names_owner(self, application: KycApplication) -> bool:
        """Whether an application tells the broker of the owner as it has to: by an account that is open, or
        anew, with an address that no other account has, a closed one neither.
        """
        if self.first and {application.account_kind, self.first.account_kind} <= WITH_KNOWN_OWNER:
            opened = [row.account for row in self.applications if row.account and row.account.is_open]
            return application.holder_id in [account.broker_account_id for account in opened]
        has_other = bool(application.answer("has_other_account"))
        return application.holder_id is None and (has_other or self.source is None)


def draft_of(known: Known, kind: AccountKind) -> KycApplication | None:
    """The application for this kind that the person has begun and not sent, or got back."""
    ours = [row for row in known.applications if row.account_kind == kind]
    return next((row for row in ours if row.status in EDITABLE_APPLICATION), None)


def refusal(known: Known, kind: AccountKind) -> KindRefused | None:
    """Why a person cannot begin an application for a kind of account; None if they can."""
    if has_it := has_it_already(known, kind):
        return has_it
    if known.source is None:
        return FirstNotOpen(FIRST_NOT_OPEN) if known.was_sent else None
    if kind != AccountKind.INDIVIDUAL and not lives_and_pays_tax_here(_as_they_are_now(known.source).answer):
        return NotTaxedHere(ONLY_TAXED_HERE)
    return None


def has_it_already(known: Known, kind: AccountKind) -> HasItAlready | None:
    """That a person has this kind, or an application for it under way; None if they do not.

    One individual account and one IRA of each sort for a person is our rule: neither the broker's pages nor
    the law say so. What became of a lost call is told by the owner and these (`applications.find_account`).
    """
    in_use = _in_use(known, kind)
    if kind == AccountKind.INDIVIDUAL and in_use:
        return HasItAlready(HAS_INDIVIDUAL)
    if kind == AccountKind.IRA and {row.answer("account_sub_type") for row in in_use} >= IRAS:
        return HasItAlready(HAS_BOTH_IRAS)
    return None


def is_one_too_many(application: KycApplication) -> bool:
    """Whether the person has this kind by another application already. One query."""
    known = Known.of(application.user, besides=application)
    return has_it_already(known, AccountKind(application.account_kind)) is not None


def _as_they_are_now(known: KycApplication) -> KycApplication:
    """What the person said, with the changes that the broker has taken since."""
    assert known.account is not None
    return profile.current(known.account)


def _in_use(known: Known, kind: AccountKind) -> list[KycApplication]:
    return [
        row
        for row in known.applications
        if row.account_kind == kind
        and row.status not in EDITABLE_APPLICATION
        and not (row.account and row.account.status in OVER)
    ]


def taken_sub_types(application: KycApplication) -> set[str]:
    """The kinds of IRA that the person has by another application."""
    others = KycApplication.objects.of_person(application.user_id).in_use().exclude(pk=application.pk)
    iras = others.filter(account_kind=AccountKind.IRA)
    return {str(row.answer("account_sub_type")) for row in iras}


def own_tax_ids(application: KycApplication) -> set[str]:
    """The person's own tax ids, as far as they are not forgotten."""
    others = KycApplication.objects.of_person(application.user_id) if application.user_id else ()
    return {row.tax_id for row in (application, *others) if row.tax_id}


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
            _tell_of_the_owner(begun, known)
            return begun
        if refused := refusal(known, kind):
            raise refused
        application = KycApplication(user=user, account_kind=kind)
        if known.source is not None:
            _take_over(application, known.source, by_name=known.first is not None)
        application.save(force_insert=True)
    return application


def _tell_of_the_owner(begun: KycApplication, known: Known) -> None:
    """Take into an application what an account says that was opened, or closed, since; the rest stays."""
    if known.source is None or known.names_owner(begun):
        return
    of_account = [question for _, question in every_question() if not question.is_about_owner]
    own = {question.name: begun.answer(question.name) for question in of_account}
    for name in TAX_ID:
        setattr(begun, name, "")
    begun.holder_id = None
    _take_over(begun, known.source, by_name=known.first is not None)
    begun.keep_answers({name: answer for name, answer in own.items() if not is_empty(answer)})
    forget_what_is_not_asked(begun)
    begun.save()


def _take_over(application: KycApplication, known: KycApplication, *, by_name: bool) -> None:
    """Answer what the person has answered before, as they have changed it since.

    `by_name`: the owner is told to the broker by naming their account, where its kind lets us.
    """
    first: BrokerageAccount | None = known.account
    assert first is not None
    application.keep_answers(_answers_of(_as_they_are_now(known)))
    if by_name and {application.account_kind, known.account_kind} <= WITH_KNOWN_OWNER:
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
        if question.name not in OF_ONE_APPLICATION and not question.wrong_today(known.answer(question.name))
    ]
    seen = [page.seen for page in pages if page.seen]
    found = {name: known.answer(name) for name in [*names, *seen] if name not in TAX_ID}
    return {name: answer for name, answer in found.items() if not is_empty(answer)}
