"""The Celery app and its beat table. Tasks are doors to services: ids in, one service call, nothing else."""

import os

from celery import Celery
from django.conf import settings

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerapp.settings")

app = Celery("brokerapp")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


def every(seconds: float, task: str) -> dict[str, object]:
    """One beat row; a run not started within its own period is dropped, so that runs never pile up."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds}}


@app.on_after_configure.connect
def schedule(sender: Celery, **kwargs: object) -> None:
    """Fill the beat table: each sweep finds its own work in rows, so a lost or doubled run does no harm."""
    sweep = settings.SWEEP_SECONDS
    sender.conf.beat_schedule = {
        "settle applications": every(sweep, "onboarding.tasks.settle_applications"),
        "settle documents": every(sweep, "onboarding.tasks.settle_documents"),
        "sync accounts": every(sweep, "brokerapp.accounts.tasks.sync_accounts"),
        "sync balances": every(sweep, "brokerapp.accounts.tasks.sync_due_balances"),
        "settle bank links": every(sweep, "funding.tasks.settle_bank_links"),
        "settle transfers": every(sweep, "funding.tasks.settle_transfers"),
        "sync bank links": every(sweep, "funding.tasks.sync_bank_links"),
        "sync transfers": every(sweep, "funding.tasks.sync_transfers"),
        "settle orders": every(sweep, "trading.tasks.settle_orders"),
        "sync open orders": every(sweep, "trading.tasks.sync_open_orders"),
        "sync clock": every(max(sweep, 15), "trading.tasks.sync_clock"),
        "sync quotes": every(max(sweep, 5), "trading.tasks.sync_quotes"),
        "sync portfolios": every(max(sweep * 3, 30), "trading.tasks.sync_stale_portfolios"),
        "sync assets": every(6 * 3600, "trading.tasks.sync_assets"),
        "handle events": every(sweep, "brokerapp.events.tasks.handle_waiting_events"),
        "prune": every(24 * 3600, "brokerapp.broker.calls.tasks.prune_api_calls"),
        "prune events": every(24 * 3600, "brokerapp.events.tasks.prune_events"),
    }
