from typing import Any

import pytest
from celery.schedules import crontab
from django.utils.module_loading import import_string

from brokerapp.celery import MARKET, NEWS, PEOPLE, QUEUES, SWEEPS, app
from devstack.paths import ROOT


def beat_table() -> dict[str, Any]:
    app.finalize()
    return dict(app.conf.beat_schedule)


def queue_of(path: str, **options: Any) -> str:
    """Where a message of the task goes."""
    app.finalize()
    return str(app.amqp.router.route(options, path)["queue"].name)


def test_every_task_of_the_beat_table_exists() -> None:
    assert beat_table()
    for row in beat_table().values():
        assert import_string(row["task"]).name == row["task"]


@pytest.mark.parametrize(
    ("path", "queue"),
    [
        ("onboarding.tasks.open_account", PEOPLE),
        ("onboarding.tasks.send_document", PEOPLE),
        ("onboarding.tasks.send_kyc_answer", PEOPLE),
        ("funding.tasks.send_transfer", PEOPLE),
        ("brokerapp.events.tasks.handle_event", NEWS),
        ("brokerapp.accounts.tasks.sync_account", NEWS),
        ("brokerapp.accounts.tasks.sync_balances", NEWS),
        ("trading.tasks.sync_portfolio", NEWS),
        ("trading.tasks.sync_fills", NEWS),
        ("trading.tasks.sync_shown_quotes", MARKET),
        ("trading.tasks.send_cancel", PEOPLE),
        ("trading.tasks.send_watchlist", NEWS),
        ("funding.tasks.ask_about_transfer", NEWS),
        ("funding.tasks.ask_about_bank_link", NEWS),
        ("onboarding.tasks.settle_application", NEWS),
        ("onboarding.tasks.settle_document", NEWS),
        ("brokerapp.closing.tasks.settle_closing", NEWS),
    ],
)
def test_what_people_wait_for_shares_no_queue_with_what_waits_for_the_broker(path: str, queue: str) -> None:
    assert import_string(path).name == path
    assert queue_of(path) == queue


OF_THE_MARKET = {
    *("sync announcements", "sync clock", "sync quotes", "sync screens", "sync bars", "sync assets"),
    "sync calendar",
}


def test_whatever_beat_sends_is_a_sweep_but_for_mails_the_market_and_the_heartbeats_of_the_queues() -> None:
    assert beat_table().keys() >= OF_THE_MARKET
    for name, row in beat_table().items():
        queue = queue_of(row["task"], queue=row["options"]["queue"])
        usual = PEOPLE if name in ("tell people", "send mails") else SWEEPS
        usual = MARKET if name in OF_THE_MARKET else usual
        assert queue == row.get("kwargs", {}).get("queue", usual)
        assert 0 < row["options"]["expires"] <= 3600
    beaten = [row["kwargs"]["queue"] for row in beat_table().values() if "kwargs" in row]
    assert sorted(beaten) == sorted(QUEUES)


def test_sweep_waits_for_its_turn_behind_all_others_that_take_their_full_time() -> None:
    sweeps = [row for row in beat_table().values() if row["options"]["queue"] == SWEEPS]
    often = [row for row in sweeps if not isinstance(row["schedule"], crontab)]
    workers, full_time = 2, 20
    for row in often:
        assert row["options"]["expires"] >= len(often) * full_time / workers


def test_every_queue_has_a_worker_process() -> None:
    procfile = (ROOT / "Procfile").read_text()
    for queue in QUEUES:
        assert procfile.count(f" --queues {queue} ") + procfile.count(f":-{queue}}} ") == 1


def test_runs_a_day_apart_go_by_the_clock() -> None:
    for name, row in beat_table().items():
        daily = ("sync assets", "sync calendar", "drop personal data")
        by_the_clock = name in daily or name.startswith(("prune", "ask for"))
        assert isinstance(row["schedule"], crontab) == by_the_clock
        assert by_the_clock or row["schedule"] < 3600


def test_what_waits_for_the_data_api_shares_no_queue_with_what_is_read_of_accounts() -> None:
    """By the modules of services that ask for market data."""
    asking = {
        path.stem
        for path in (ROOT / "trading" / "services").glob("*.py")
        if "get_market_data(" in path.read_text()
    }
    # Pulse is a thread of the follower; pages ask for quotes, bars and screens themselves, and quickly.
    assert asking == {"bars", "corporate_actions", "pulse", "quotes", "screens"}
    for task in ("announcements", "bars", "quotes", "screens", "shown_quotes"):
        assert queue_of(f"trading.tasks.sync_{task}") == MARKET
