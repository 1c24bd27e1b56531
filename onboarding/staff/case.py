"""All that staff need to know of one application, read for its page."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps

from brokerapp.accounts.models import User
from brokerapp.workflow.models import StatusChange
from onboarding.cases import Attempt, CipRecord, Word
from onboarding.kyc_results import REQUESTS
from onboarding.models import KycApplication
from onboarding.staff_reasons import ASK_REASONS

PARTS = (("reject", "Rejected"), ("indeterminate", "Unclear"), ("accept", "Accepted"))


@dataclass(frozen=True)
class Result:
    """One KYC code, and what we call it."""

    code: str
    title: str


@dataclass(frozen=True)
class Change:
    """One answer that is not as it was sent before."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Entry:
    """One line of the timeline."""

    at: datetime
    what: str
    who: str
    request_id: str = ""


def grouped_results(kyc_results: dict[str, Any] | None) -> list[tuple[str, list[Result]]]:
    """What the broker's checks say, by part, those that stand in the way first."""
    results = kyc_results or {}
    return [
        (title, [Result(code, _title(code, part)) for code in results.get(part) or ()])
        for part, title in PARTS
    ]


def _title(code: str, part: str) -> str:
    """What stands in the way; nothing where it does not any more."""
    if part == "accept":
        return ""
    return REQUESTS[code].title if code in REQUESTS else "Not one that we know: see what the broker says"


def changes_since_last(attempts: Iterable[Attempt]) -> list[Change]:
    """What differs between the last two times that an application was sent, by label."""
    newest = sorted(attempts, key=lambda attempt: attempt.number)[-2:]
    if len(newest) < 2:
        return []
    before, after = ({(page, label): text for page, label, text in one.answers} for one in newest)
    keys = dict.fromkeys([*before, *after])
    return [
        Change(label, before.get((page, label), ""), after.get((page, label), ""))
        for page, label in keys
        if before.get((page, label)) != after.get((page, label))
    ]


def names_of(ids: Iterable[int | None]) -> dict[int, str]:
    """The e-mail addresses of members of staff."""
    wanted = {key for key in ids if key is not None}
    return dict(User.objects.filter(pk__in=wanted).values_list("pk", "email"))


def timeline(application: KycApplication) -> list[Entry]:
    """Everything that happened to an application and what belongs to it, newest first."""
    rows = [
        application.pk,
        application.account_id,
        *application.kyc_answers.values_list("pk", flat=True),
        *application.documents.values_list("pk", flat=True),
        *CipRecord.objects.filter(application=application).values_list("pk", flat=True),
    ]
    changes = list(StatusChange.objects.filter(row_id__in=[str(row) for row in rows if row]))
    words = list(application.words.all())
    asked = list(application.staff_requests.all())
    ids = [*(change.actor_id for change in changes), *(word.by_id for word in words)]
    names = names_of([*ids, *(request.asked_by_id for request in asked)])
    entries = [_of_change(change, names) for change in changes]
    entries += [Entry(word.at, word.get_kind_display(), _who(word, names)) for word in words]
    entries += [
        Entry(
            request.asked_at,
            "Asked for: "
            + ", ".join(ASK_REASONS[key].label for key in request.reasons if key in ASK_REASONS),
            names.get(request.asked_by_id, ""),
        )
        for request in asked
    ]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)


def _who(word: Word, names: dict[int, str]) -> str:
    return names.get(word.by_id, f"person {word.by_id}")


def _of_change(change: StatusChange, names: dict[int, str]) -> Entry:
    model = apps.get_model(change.row_type)
    words: dict[str, str] = dict(model._meta.get_field("status").choices)
    noun = str(model._meta.verbose_name)
    before = words.get(change.from_status, change.from_status) or "new"
    step = f"{noun[:1].upper()}{noun[1:]}: {before} → {words.get(change.to_status, change.to_status)}"
    who = names.get(change.actor_id or 0, "") or change.get_actor_display()
    return Entry(change.at, f"{step}. {change.reason}" if change.reason else step, who, change.request_id)
