import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import connection, connections

from brokerapp.accounts.models import User
from brokerapp.workflow import sweeps
from brokerapp.workflow.sweeps import Swept, sweep
from tests.factories import UserFactory


def in_another_session(work: Callable[[], Any]) -> Any:
    """What `work` gives in another database session, which lives on until `work` has returned."""
    results: list[Any] = []

    def run() -> None:
        results.append(work())
        connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(20)
    assert results, "the other session did not come to an end"
    return results[0]


def terminate_session(pid: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


def session_pid() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        return int(cursor.fetchone()[0])


def is_free(name: str) -> bool:
    def look() -> bool:
        with sweeps.lock(name) as held:
            return held is not None

    return bool(in_another_session(look))


def people() -> Any:
    """Everybody who has not been swept: sweeping is to be given a last name here."""
    return User.objects.filter(is_active=True).order_by("date_joined", "pk")


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


@pytest.mark.django_db(transaction=True)
def test_sweep_runs_in_one_session_at_a_time() -> None:
    user = UserFactory.create()
    others: list[Swept] = []

    def handle(_: User) -> None:
        others.append(in_another_session(lambda: sweep("people", people(), deactivate)))
        others.append(in_another_session(lambda: sweep("another", people(), lambda _: None)))

    assert sweep("people", people(), handle) == Swept(done=1)
    assert others == [Swept(), Swept(done=1)]
    user.refresh_from_db()
    assert user.is_active


@pytest.mark.django_db(transaction=True)
def test_sweep_gives_its_lock_up_at_the_end_and_after_a_failure() -> None:
    UserFactory.create()

    def interrupt(_: User) -> None:
        raise KeyboardInterrupt

    assert sweep("people", people(), lambda user: None).done == 1
    assert is_free("people")
    with pytest.raises(KeyboardInterrupt):
        sweep("people", people(), interrupt)
    assert is_free("people")


@pytest.mark.django_db(transaction=True)
def test_lock_goes_with_the_session_of_a_process_that_dies() -> None:
    held, die = threading.Event(), threading.Event()

    def hold() -> None:
        lock = sweeps.lock("people")
        lock.__enter__()
        held.set()
        die.wait(20)
        connections.close_all()

    process = threading.Thread(target=hold)
    process.start()
    assert held.wait(20)
    assert not is_free("people")
    die.set()
    process.join(20)
    assert is_free("people")


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reconnects", [True, False])
def test_sweep_stops_when_its_session_and_with_it_the_lock_is_lost(reconnects: bool) -> None:
    """Django opens a new session without a word: going on would be a second sweep beside that of another."""
    UserFactory.create_batch(3)
    handled: list[int] = []

    def handle(user: User) -> None:
        handled.append(user.pk)
        pid = session_pid()
        in_another_session(lambda: terminate_session(pid))
        if reconnects:
            connection.close()
        User.objects.count()

    swept = sweep("people", people(), handle)

    assert len(handled) == 1
    assert swept.left == 2
    assert User.objects.count() == 3
    assert is_free("people")


@dataclass
class Clock:
    """Stands still but for what a test lets pass."""

    now: float = 0.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(sweeps, "time", found)
    return found


@pytest.mark.django_db
def test_sweep_out_of_time_leaves_the_rest_for_the_next_run(clock: Clock) -> None:
    users = UserFactory.create_batch(3)
    handled: list[int] = []

    def handle(user: User) -> None:
        handled.append(user.pk)
        deactivate(user)
        clock.now += 2

    swept = [sweep("people", people(), handle, seconds=1) for _ in range(3)]
    assert swept == [Swept(done=1, left=2), Swept(done=1, left=1), Swept(done=1)]
    assert handled == [user.pk for user in users]


@pytest.mark.django_db
def test_sweep_ends_well_before_its_task_is_killed(settings: Any, clock: Clock) -> None:
    settings.CELERY_TASK_TIME_LIMIT = 4
    UserFactory.create_batch(2)

    def handle(user: User) -> None:
        clock.now += 3

    assert sweep("people", people(), handle) == Swept(done=1, left=1)


def cannot_be_put_off(_: User) -> None:
    raise LookupError("it cannot be put off")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("put_off", "is_active"),
    [(deactivate, False), (cannot_be_put_off, True)],
    ids=["put off", "not even that"],
)
def test_sweep_failing_row_is_put_off_and_keeps_no_other_waiting(
    put_off: Callable[[User], None], is_active: bool
) -> None:
    first, *others = UserFactory.create_batch(3)
    handled: list[int] = []

    def handle(user: User) -> None:
        if user.pk == first.pk:
            raise RuntimeError("a bug")
        handled.append(user.pk)
        deactivate(user)

    assert sweep("people", people(), handle, failed=put_off) == Swept(done=2, failed=1)
    assert handled == [user.pk for user in others]
    first.refresh_from_db()
    assert first.is_active is is_active


@pytest.mark.django_db
def test_sweep_leaves_out_a_row_that_an_event_settled_meanwhile() -> None:
    UserFactory.create_batch(2)
    handled: list[int] = []

    def handle(user: User) -> None:
        handled.append(user.pk)
        User.objects.update(is_active=False)

    assert sweep("people", people(), handle) == Swept(done=1)
    assert len(handled) == 1
