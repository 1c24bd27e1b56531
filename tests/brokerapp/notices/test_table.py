"""Every status of every model has what its person is told, or a written reason why they are told nothing."""

from typing import Any

import pytest
from django.apps import apps
from django.template.loader import get_template

from brokerapp.accounts.models import User
from brokerapp.accounts.signin.mails import EVENTS, SignInEvent
from brokerapp.notices.kinds import WORDS, NoticeKind
from brokerapp.notices.samples import rows
from brokerapp.notices.table import NOT_THERE_YET, NOTES, TABLE, Silent, told_of
from brokerapp.records.models import IssuedDocument
from brokerapp.records.services import ISSUED
from brokerapp.support.services import ANSWERED_AGAIN
from brokerapp.workflow.models import StatusChange
from brokerapp.workflow.state import StatusModel
from funding.statuses import RailName
from onboarding.staff_reasons import STAFF_ASKED
from trading.models import REVISED_NOTE, Order

MODELS = [model for model in apps.get_models() if issubclass(model, StatusModel)]

EVENTS_OF_SCREEN_25: dict[str, tuple[NoticeKind, ...] | None] = {
    "application received": (NoticeKind.APPLICATION_RECEIVED,),
    "application action": (NoticeKind.APPLICATION_ACTION, NoticeKind.APPLICATION_NEEDS_CHANGES),
    "application approved": (NoticeKind.ACCOUNT_OPEN,),
    "application rejected": (NoticeKind.APPLICATION_REJECTED,),
    "account": (NoticeKind.ACCOUNT_ENDED, NoticeKind.ACCOUNT_CLOSED, NoticeKind.ACCOUNT_IN_REVIEW),
    "bank linked, removed": (NoticeKind.BANK_LINKED, NoticeKind.BANK_REMOVED),
    "deposit started, done, returned": (
        NoticeKind.DEPOSIT_STARTED,
        NoticeKind.DEPOSIT_DONE,
        NoticeKind.DEPOSIT_RETURNED,
    ),
    "withdrawal started, done, returned": (
        NoticeKind.WITHDRAWAL_STARTED,
        NoticeKind.WITHDRAWAL_DONE,
        NoticeKind.WITHDRAWAL_RETURNED,
    ),
    "order filled": (NoticeKind.ORDER_FILLED,),
    "order part filled at close": (NoticeKind.ORDER_PART_FILLED,),
    "order rejected, expired": (NoticeKind.ORDER_REJECTED, NoticeKind.ORDER_EXPIRED),
    "new document": (NoticeKind.NEW_DOCUMENT,),
    "new device": (NoticeKind.NEW_DEVICE,),
    "security or profile change": (
        NoticeKind.PASSWORD_CHANGED,
        NoticeKind.EMAIL_CHANGED,
        NoticeKind.SECOND_STEP_CHANGED,
        NoticeKind.PROFILE_CHANGED,
    ),
    "plan": None,
}


def statuses_of(model: type[Any]) -> set[str]:
    steps = model.TRANSITIONS
    return set(steps) | {after for ends in steps.values() for after in ends}


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model._meta.label)
def test_table_has_every_status_of_a_model_and_no_other(model: type[Any]) -> None:
    assert model in TABLE, "say in brokerapp/notices/table.py what people are told of it, or why nothing"
    assert set(TABLE[model]) == statuses_of(model)


def test_table_of_what_has_no_status_has_its_events() -> None:
    assert set(TABLE) - set(MODELS) == {IssuedDocument, User}
    assert set(TABLE[IssuedDocument]) == {ISSUED}
    assert set(TABLE[User]) == set(SignInEvent) == set(EVENTS.values())


def test_a_status_without_a_notice_has_a_sentence_that_says_why() -> None:
    entries = [entry for table in TABLE.values() for entry in table.values()]
    reasons = [entry.reason for entry in entries if isinstance(entry, Silent)]
    for reason in (*reasons, *NOT_THERE_YET.values()):
        assert reason.endswith(".")
        assert len(reason.split()) > 4, reason


def every_kind_told() -> set[NoticeKind]:
    """What the table can tell at all: each step of each model, of rows that differ in what the rules ask."""
    told = set()
    samples = rows()
    for model, table in TABLE.items():
        row = samples.get(model)
        for variant in variants(model, row):
            before = {"", *table}
            for change in (
                StatusChange(from_status=old, to_status=new, reason=reason)
                for old in before
                for new in table
                for reason in ("", STAFF_ASKED)
                if old != new
            ):
                told.add(told_of(change, model, variant))
        if model in NOTES:
            for reason in (REVISED_NOTE, ANSWERED_AGAIN):
                note = StatusChange(from_status="FILLED", to_status="FILLED", reason=reason)
                told.add(told_of(note, model, row))
    return {kind for kind in told if kind is not None}


def variants(model: type[Any], row: Any) -> list[Any]:
    changes: dict[str, list[dict[str, Any]]] = {
        "funding.Transfer": [
            {"direction": "OUTGOING"},
            {"direction": "INCOMING"},
            {"rail": RailName.JOURNAL},
        ],
        "trading.Order": [{}, {"filled_qty": 1}, {"replaces_id": row.pk if row else None}],
        "accounts.WithdrawalHold": [{}, {"cause": "SECURED"}],
    }
    made = []
    for columns in changes.get(model._meta.label, [{}]):
        variant = rows().get(model)
        for name, value in columns.items():
            setattr(variant, name, value)
        made.append(variant)
    return made


def test_every_kind_is_told_by_some_step_and_has_words_and_a_text() -> None:
    assert every_kind_told() == set(NoticeKind) == set(WORDS)
    for kind in NoticeKind:
        get_template(f"notices/{kind.lower()}.txt")


def test_every_event_of_the_product_page_has_its_notice_or_a_reason_for_none() -> None:
    told = every_kind_told()
    for event, kinds in EVENTS_OF_SCREEN_25.items():
        assert set(kinds) <= told if kinds else NOT_THERE_YET[event], event


@pytest.mark.parametrize(
    ("before", "after", "columns", "kind"),
    [
        ("NEW", "FILLED", {}, NoticeKind.ORDER_FILLED),
        ("PARTIALLY_FILLED", "DONE_FOR_DAY", {"filled_qty": 1}, NoticeKind.ORDER_PART_FILLED),
        ("NEW", "DONE_FOR_DAY", {}, None),
        ("NEW", "EXPIRED", {}, NoticeKind.ORDER_EXPIRED),
        ("PARTIALLY_FILLED", "EXPIRED", {"filled_qty": 1}, NoticeKind.ORDER_PART_FILLED),
        ("NEW", "CANCELED", {}, NoticeKind.ORDER_CANCELED),
        ("PENDING_CANCEL", "CANCELED", {"cancel_requested_at": "now"}, None),
        ("NEW", "CANCELED", {"parent_id": "x"}, None),
        ("FILLED", "CANCELED", {"filled_qty": 1}, None),
        ("SUBMITTING", "REJECTED", {"replaces_id": "x"}, NoticeKind.ORDER_CHANGE_REFUSED),
        ("NOT_FOUND", "NOT_PLACED", {}, NoticeKind.ORDER_NOT_PLACED),
    ],
)
def test_told_of_an_order(before: str, after: str, columns: dict[str, Any], kind: NoticeKind | None) -> None:
    row = rows()[Order]
    row.filled_qty = 0
    for name, value in columns.items():
        setattr(row, name, value)
    assert told_of(StatusChange(from_status=before, to_status=after), Order, row) == kind
