"""Which changes a person is told of, each once; and that the reader tells of what was committed only."""

import pytest
from django.db import transaction

from brokerapp.notices import reader
from brokerapp.notices.models import Notice, NoticeKind
from brokerapp.notices.reader import write_notices
from brokerapp.workflow.models import OutboxCursor, StatusChange
from tests.brokerapp.notices.revisions import (
    BUST,
    REVISIONS,
    account_becomes,
    account_says,
    filled_order,
    no_revisions,
    revise,
    say,
    undo_transfer,
)
from tests.factories import TransferFactory
from tests.transactions import all_ended


@pytest.fixture(autouse=True)
def _no_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("brokerapp.workflow.jobs.send", lambda task, path, ids: None)


KINDS = {kind for _, kind in REVISIONS.values()} | {
    NoticeKind.NEW_DOCUMENT,
    NoticeKind.SECURED,
    NoticeKind.WITHDRAWALS_HELD,
    NoticeKind.WITHDRAWALS_OPENED,
}


def write_all() -> None:
    """Write the notices of the whole history, and leave those that are looked at: how a row came there is
    told as well.
    """
    write_notices(StatusChange.objects.order_by("pk"))
    Notice.objects.exclude(kind__in=KINDS).delete()


@pytest.mark.django_db
@pytest.mark.parametrize("name", REVISIONS)
def test_write_notices_of_a_revision_is_one(name: str) -> None:
    happen, kind = REVISIONS[name]
    row = happen()

    write_all()
    write_all()

    notice = Notice.objects.get()
    assert (notice.kind, notice.user, notice.row_id) == (kind, row.user, str(row.pk))
    assert StatusChange.objects.get(pk=notice.change_id).row_id == notice.row_id


@pytest.mark.django_db
def test_write_notices_of_what_is_no_revision_is_none() -> None:
    no_revisions()

    write_all()

    assert not Notice.objects.exists()


@pytest.mark.django_db
def test_write_notices_of_a_revision_told_by_poll_and_then_by_event_is_one() -> None:
    order = revise(filled_order(), "canceled", None, filled_qty="5")
    order = revise(order, "canceled", BUST, filled_qty="5")
    revise(order, "canceled", BUST, filled_qty="5")

    write_all()

    assert Notice.objects.count() == 1
    assert order.progress.filter(kind="BUST").count() == 1


@pytest.mark.django_db
def test_write_notices_of_an_event_that_comes_again_is_one() -> None:
    say(undo_transfer(), "RETURNED")
    account_says(account_becomes("DISABLED"), "DISABLED")

    write_all()

    assert Notice.objects.count() == 2


@pytest.mark.django_db
def test_write_notices_of_a_row_that_is_gone_holds_up_no_other() -> None:
    gone = StatusChange.objects.create(
        row_type="funding.Transfer",
        row_id="19a2c1a5-a1c9-4a4b-8c1c-1f5a3c6b9d22",
        from_status="COMPLETE",
        to_status="RETURNED",
        actor="poll",
    )
    undo_transfer()

    write_all()

    assert Notice.objects.get().change_id != gone.pk


@pytest.mark.django_db(transaction=True)
def test_read_history_tells_of_what_happens_from_now_on() -> None:
    undo_transfer()
    reader.read_history()
    undone = undo_transfer()
    all_ended()

    assert reader.read_history() > 0
    assert reader.read_history() == 0

    assert Notice.objects.get(kind=NoticeKind.DEPOSIT_RETURNED).row_id == str(undone.pk)


@pytest.mark.django_db(transaction=True)
def test_read_history_of_a_change_that_was_rolled_back_tells_nothing() -> None:
    reader.read_history()
    transfer = TransferFactory.create(status="COMPLETE")
    with transaction.atomic():
        say(transfer, "RETURNED")
        transaction.set_rollback(True)
    all_ended()

    reader.read_history()

    assert not Notice.objects.filter(kind=NoticeKind.DEPOSIT_RETURNED).exists()


@pytest.mark.django_db(transaction=True)
def test_read_history_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    reader.read_history()
    first = undo_transfer()
    all_ended()
    with monkeypatch.context() as patch:
        patch.setattr(reader, "write_notices", dies_after_writing)
        with pytest.raises(ConnectionError):
            reader.read_history()
    assert not Notice.objects.exists()  # written with the cursor, or not at all
    second = undo_transfer()
    all_ended()

    reader.read_history()

    returned = Notice.objects.filter(kind=NoticeKind.DEPOSIT_RETURNED).order_by("pk")
    assert [notice.row_id for notice in returned] == [str(first.pk), str(second.pk)]


def dies_after_writing(changes: list[StatusChange]) -> None:
    write_all()
    raise ConnectionError("the database is gone")


@pytest.mark.django_db(transaction=True)
def test_read_history_read_again_from_the_start_tells_nothing_twice() -> None:
    reader.read_history()
    undo_transfer()
    all_ended()
    reader.read_history()
    told = set(Notice.objects.values_list("change_id", flat=True))
    OutboxCursor.objects.update(transaction_id=0, change_id=0)

    assert reader.read_history() > 0

    again = list(Notice.objects.filter(change_id__in=told).values_list("change_id", flat=True))
    assert sorted(again) == sorted(told)
    assert Notice.objects.count() == len(set(Notice.objects.values_list("change_id", flat=True)))
