"""Which applications wait for our staff, what for, and since when: worked out from the rows themselves."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import BooleanField, F, Func, Min, Q, QuerySet, TextChoices, Value

from brokerapp.accounts.statuses import AccountStatus
from brokerapp.in_hand import services as in_hand
from onboarding.cases import CipRecord, Word, WordKind
from onboarding.kyc_results import REQUESTS
from onboarding.models import KycApplication
from onboarding.statuses import AnswerStatus, ApplicationStatus

SETTLES_WITHIN = timedelta(minutes=15)
"""An outcome that a sweep has not found out by then is one for somebody to look at."""


class WaitsFor(TextChoices):
    """What an application waits for, the most pressing first."""

    APPEAL = "APPEAL", "Appeal to decide"
    APPROVAL = "APPROVAL", "Application to decide"
    WORDS = "WORDS", "Answer to read"
    CODE = "CODE", "Broker asks what only staff can answer"
    CIP = "CIP", "CIP record refused by the broker"
    FAILED = "FAILED", "Submission failed at the broker"
    OUTCOME = "OUTCOME", "Outcome not known"


@dataclass(frozen=True)
class Waiting:
    """One application that waits for somebody, and the member of staff who has it in hand, if any."""

    application_id: UUID
    kind: WaitsFor
    since: datetime
    taken_by: int | None = None


class JsonPath(Func):
    """Whether a JSON path finds anything; not where it does not fit."""

    output_field = BooleanField()
    template = "jsonb_path_exists(%(expressions)s::jsonpath, '{}'::jsonb, true)"


def waiting(now: datetime) -> list[Waiting]:
    """Every application that waits for somebody, the longest first; each once, for what presses most."""
    taken = in_hand.holders_of(KycApplication)
    found: dict[UUID, Waiting] = {}
    for kind, rows in _by_kind(now):
        for application_id, since in rows:
            holder = taken.get(str(application_id))
            found.setdefault(application_id, Waiting(application_id, kind, since, holder))
    return sorted(found.values(), key=lambda one: (one.since, one.application_id))


def waits_for(application: KycApplication, now: datetime) -> Waiting | None:
    """What one application waits for; None if it does not wait for staff."""
    for kind, rows in _by_kind(now, Q(pk=application.pk), Q(application=application)):
        for application_id, since in rows:
            return Waiting(application_id, kind, since)
    return None


def _by_kind(
    now: datetime, which: Q | None = None, of_which: Q | None = None
) -> Iterator[tuple[WaitsFor, Iterable[tuple[UUID, datetime]]]]:
    """Of each kind the applications and since when, most pressing kind first; of one, or of all.

    `which` chooses among applications, `of_which` among rows that belong to one.
    """
    applications = KycApplication.objects.filter(which or Q())
    words = Word.objects.filter(of_which or Q(), settled_at=None)
    records = CipRecord.objects.filter(of_which or Q(), status=AnswerStatus.REFUSED)
    asked = applications.filter(_for_staff(), account__status=AccountStatus.ACTION_REQUIRED)
    failed = applications.filter(account__status=AccountStatus.SUBMISSION_FAILED)
    lost = applications.filter(status=ApplicationStatus.UNKNOWN, status_at__lt=now - SETTLES_WITHIN)
    yield WaitsFor.APPEAL, _oldest(words.filter(kind=WordKind.APPEAL))
    to_decide = applications.filter(status=ApplicationStatus.IN_REVIEW)
    yield WaitsFor.APPROVAL, to_decide.values_list("pk", "status_at")
    yield WaitsFor.WORDS, _oldest(words.filter(kind=WordKind.REPLY))
    yield WaitsFor.CODE, asked.values_list("pk", "account__status_at")
    yield WaitsFor.CIP, records.values_list("application_id", "status_at")
    yield WaitsFor.FAILED, failed.values_list("pk", "account__status_at")
    yield WaitsFor.OUTCOME, lost.values_list("pk", "status_at")


def _oldest(words: QuerySet[Word]) -> Iterable[tuple[UUID, datetime]]:
    by_application = words.order_by().values("application_id").annotate(oldest=Min("at"))
    return by_application.values_list("application_id", "oldest")


def _for_staff() -> Q:
    """Whether the broker asks without saying what, or for what the person is not asked in words of ours."""
    return Q(account__kyc_results__isnull=True) | _codes("reject") | _codes("indeterminate")


def _codes(part: str) -> Q:
    known = "|".join(sorted(REQUESTS))
    path = f'$.{part}.keyvalue().key ? (!(@ like_regex "^({known})$"))'
    return Q(JsonPath(F("account__kyc_results"), Value(path)))


def counts(rows: Sequence[Waiting]) -> dict[str, int]:
    """How many wait for each, by the words of `WaitsFor`; each of them is there."""
    found = Counter(one.kind for one in rows)
    return {kind.value: found[kind] for kind in WaitsFor}
