"""The Celery app, its queues and its beat table. Tasks are doors to services: ids in, one service call.

Four queues, each with a worker process of its own (`Procfile`), so that what takes long in one keeps nothing
waiting in another:

- `people`: mails, and what a person waits for and that is sent to the broker (an application, a document, a
  transfer). Anything that is not told otherwise goes here.
- `news`: what the broker told us or is to be asked after it (an event, an account's balances and positions).
  With a broker that answers slowly, these wait for it; a new deposit does not.
- `market`: prices, bars, the market's hours and days, the list of assets: what is the same for everybody. A
  data API that answers slowly keeps these waiting, and no account, order or transfer.
- `sweeps`: all else that beat sends. A sweep finds its own work in rows: a lost or doubled run does no harm.
"""

import os
from typing import Any

from celery import Celery
from celery.schedules import crontab
from celery.signals import beat_init, worker_init
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerapp.settings")

PEOPLE, NEWS, MARKET, SWEEPS = "people", "news", "market", "sweeps"
QUEUES = (PEOPLE, NEWS, MARKET, SWEEPS)
OF_THE_MARKET = ("announcements", "assets", "bars", "calendar", "clock", "quotes", "screens", "shown_quotes")
"""What the tasks of `trading` sync that belongs to no account."""
HEARTBEAT_SECONDS = 15.0
SWEEP_EXPIRES = 300.0
DAILY_RUN_EXPIRES = 3600.0

app = Celery("brokerapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.task_default_queue = PEOPLE
app.conf.task_routes = {
    **{f"trading.tasks.sync_{what}": {"queue": MARKET} for what in OF_THE_MARKET},
    "*.tasks.handle_*": {"queue": NEWS},
    "*.tasks.sync_*": {"queue": NEWS},
    "*.tasks.follow_*": {"queue": NEWS},
    # They begin by asking the broker: two of them would hold up what people wait for while it is slow.
    "*.tasks.ask_about_*": {"queue": NEWS},
    "*.tasks.settle_*": {"queue": NEWS},
    "trading.tasks.send_watchlist": {"queue": NEWS},
}
app.autodiscover_tasks()


def every(seconds: float, task: str, queue: str = SWEEPS) -> dict[str, Any]:
    """One beat row; a run not started within its own period is dropped, so that runs never pile up.

    A sweep's run waits longer for its turn. Beat sends them all at once and always in the same order: where
    each takes its full time as the broker is slow, whoever is free would only ever find the first of the
    newest, and the last would never be run. One that has nothing to do takes one query.
    """
    expires = max(seconds, SWEEP_EXPIRES) if queue == SWEEPS else seconds
    return {"task": task, "schedule": seconds, "options": {"queue": queue, "expires": expires}}


def at(schedule: crontab, task: str, queue: str = SWEEPS) -> dict[str, Any]:
    """One beat row by the clock, in `CELERY_TIMEZONE`, which is UTC; a restart of beat does not shift it."""
    return {
        "task": task,
        "schedule": schedule,
        "options": {"queue": queue, "expires": DAILY_RUN_EXPIRES},
    }


def heartbeat(queue: str) -> dict[str, Any]:
    """One beat row that has the workers of a queue show that they are at work."""
    return {
        "task": "brokerapp.health.tasks.note_alive",
        "schedule": HEARTBEAT_SECONDS,
        "kwargs": {"queue": queue},
        "options": {"queue": queue, "expires": SWEEP_EXPIRES if queue == SWEEPS else HEARTBEAT_SECONDS},
    }


@worker_init.connect
@beat_init.connect
def refuse_unsafe(**kwargs: object) -> None:
    """End with what is wrong, before any task is taken or sent, if the settings could hurt."""
    import django

    django.setup()
    from brokerapp.deployment.start import refuse_unsafe

    refuse_unsafe()


@app.on_after_configure.connect
def schedule(sender: Celery, **kwargs: object) -> None:
    """Fill the beat table."""
    sweep = settings.SWEEP_SECONDS
    sender.conf.beat_schedule = {
        "settle applications": every(sweep, "onboarding.tasks.settle_applications"),
        "settle documents": every(sweep, "onboarding.tasks.settle_documents"),
        "settle KYC answers": every(sweep, "onboarding.tasks.settle_kyc_answers"),
        "settle CIP records": every(max(sweep * 3, 30), "onboarding.tasks.settle_cip_records"),
        "settle closings": every(sweep, "brokerapp.closing.tasks.settle_closings"),
        "settle tax forms": every(max(sweep, 15), "onboarding.tasks.settle_tax_forms"),
        "settle profile changes": every(sweep, "onboarding.tasks.settle_profile_changes"),
        "sync accounts": every(sweep, "brokerapp.accounts.tasks.sync_accounts"),
        "sync balances": every(sweep, "brokerapp.accounts.tasks.sync_due_balances"),
        "settle bank links": every(sweep, "funding.tasks.settle_bank_links"),
        "settle transfers": every(sweep, "funding.tasks.settle_transfers"),
        "sync bank links": every(sweep, "funding.tasks.sync_bank_links"),
        "sync transfers": every(sweep, "funding.tasks.sync_transfers"),
        "settle orders": every(sweep, "trading.tasks.settle_orders"),
        "sync open orders": every(sweep, "trading.tasks.sync_open_orders"),
        "sync activities": every(sweep, "brokerapp.activities.tasks.sync_activities"),
        "follow activities": every(sweep, "trading.tasks.follow_activities"),
        "sync announcements": every(max(sweep * 6, 60), "trading.tasks.sync_announcements", MARKET),
        "sync documents": every(max(sweep * 3, 30), "brokerapp.records.tasks.sync_due_documents"),
        "sync clock": every(max(sweep, 15), "trading.tasks.sync_clock", MARKET),
        "sync quotes": every(max(sweep, 5), "trading.tasks.sync_quotes", MARKET),
        "sync screens": every(max(sweep, 60), "trading.tasks.sync_screens", MARKET),
        "send watchlists": every(max(sweep, 30), "trading.tasks.send_watchlists"),
        "sync bars": every(max(sweep, 15), "trading.tasks.sync_bars", MARKET),
        "sync portfolios": every(max(sweep * 3, 30), "trading.tasks.sync_stale_portfolios"),
        "work out gains": every(max(sweep, 10), "trading.tasks.work_out_gains"),
        "take equity points": every(max(sweep * 10, 60), "trading.tasks.take_equity_points"),
        "sync equity histories": every(max(sweep, 30), "trading.tasks.sync_equity_histories"),
        "handle events": every(sweep, "brokerapp.events.tasks.handle_waiting_events"),
        "send mails": every(min(sweep, 5), "brokerapp.mailing.tasks.send_mails", PEOPLE),
        "tell people": every(min(sweep, 5), "brokerapp.notices.tasks.tell_people", PEOPLE),
        # 08:45 UTC is before the market opens in New York, in summer and in winter.
        "sync assets": at(crontab(minute="45", hour="2,8,14,20"), "trading.tasks.sync_assets", MARKET),
        "sync calendar": at(crontab(minute="40", hour="2,8,14,20"), "trading.tasks.sync_calendar", MARKET),
        # The small hours in New York.
        "prune": at(crontab(minute="10", hour="7"), "brokerapp.broker.calls.tasks.prune_api_calls"),
        "prune bars": at(crontab(minute="30", hour="7"), "trading.tasks.prune_bars"),
        "prune equity points": at(crontab(minute="40", hour="7"), "trading.tasks.prune_equity_points"),
        "prune errors": at(crontab(minute="20", hour="7"), "brokerapp.health.tasks.prune_error_pages"),
        "prune sessions": at(crontab(minute="35", hour="7"), "brokerapp.accounts.tasks.forget_sessions"),
        "drop personal data": at(crontab(minute="30", hour="7"), "onboarding.tasks.drop_personal_data"),
        "ask for tax forms": at(crontab(minute="15", hour="7"), "onboarding.tasks.ask_for_tax_forms"),
        "ask for papers": at(crontab(minute="20", hour="7"), "onboarding.tasks.ask_for_papers"),
        "prune closed accounts": at(
            crontab(minute="50", hour="7"), "brokerapp.privacy.tasks.forget_closed_accounts"
        ),
        "prune mails": at(crontab(minute="40", hour="7"), "brokerapp.mailing.tasks.prune_mails"),
        "prune events": at(crontab(minute="25", hour="7"), "brokerapp.events.tasks.prune_events"),
        **{f"heartbeat of {queue}": heartbeat(queue) for queue in QUEUES},
    }
