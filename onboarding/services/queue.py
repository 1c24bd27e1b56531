"""Which applications wait for our staff, what for, and since when: worked out from the rows themselves."""

from datetime import datetime, timedelta

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateTimeField,
    F,
    Func,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    TextChoices,
    Value,
    When,
)

from brokerapp.accounts.statuses import AccountStatus
from onboarding.cases import Word, WordKind
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


class JsonPath(Func):
    """Whether a JSON path finds anything; not where it does not fit."""

    output_field = BooleanField()
    template = "jsonb_path_exists(%(expressions)s::jsonpath, '{}'::jsonb, true)"


def waiting(now: datetime) -> QuerySet[KycApplication]:
    """Applications that wait for somebody, with `waits_for`, `since` and `taken_by`, the longest first."""
    words = Word.objects.filter(application=OuterRef("pk"), settled_at=None).order_by("at")
    asked = Q(account__status=AccountStatus.ACTION_REQUIRED)
    kinds = (
        When(appealed_at__isnull=False, then=Value(WaitsFor.APPEAL)),
        When(status=ApplicationStatus.IN_REVIEW, then=Value(WaitsFor.APPROVAL)),
        When(wrote_at__isnull=False, then=Value(WaitsFor.WORDS)),
        When(
            asked & (_nothing_said() | _codes("reject") | _codes("indeterminate")), then=Value(WaitsFor.CODE)
        ),
        When(cip__status=AnswerStatus.REFUSED, then=Value(WaitsFor.CIP)),
        When(account__status=AccountStatus.SUBMISSION_FAILED, then=Value(WaitsFor.FAILED)),
        When(
            status=ApplicationStatus.UNKNOWN,
            status_at__lt=now - SETTLES_WITHIN,
            then=Value(WaitsFor.OUTCOME),
        ),
    )
    since = (
        When(waits_for=WaitsFor.APPEAL, then="appealed_at"),
        When(waits_for=WaitsFor.WORDS, then="wrote_at"),
        When(waits_for__in=(WaitsFor.CODE, WaitsFor.FAILED), then="account__status_at"),
        When(waits_for=WaitsFor.CIP, then="cip__status_at"),
    )
    return (
        KycApplication.objects.annotate(
            appealed_at=Subquery(words.filter(kind=WordKind.APPEAL).values("at")[:1]),
            wrote_at=Subquery(words.filter(kind=WordKind.REPLY).values("at")[:1]),
        )
        .annotate(waits_for=Case(*kinds, default=Value(""), output_field=CharField()))
        .exclude(waits_for="")
        .annotate(
            since=Case(*since, default="status_at", output_field=DateTimeField()),
            taken_by=F("case_file__taken_by_id"),
        )
        .order_by("since", "pk")
    )


def _nothing_said() -> Q:
    """Whether the broker asks for something without saying what."""
    return Q(account__kyc_results__isnull=True)


def _codes(part: str) -> Q:
    """Whether a part of the KYC results has a code that only staff can answer."""
    known = "|".join(sorted(REQUESTS))
    path = f'$.{part}.keyvalue().key ? (!(@ like_regex "^({known})$"))'
    return Q(JsonPath(F("account__kyc_results"), Value(path)))


def counts(rows: QuerySet[KycApplication]) -> dict[str, int]:
    """How many wait for each, by the words of `WaitsFor`; each of them is there."""
    found = [kind for (kind,) in rows.values_list("waits_for").order_by()]
    return {kind.value: found.count(kind) for kind in WaitsFor}
