from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand

from brokerapp.workflow import outbox
from brokerapp.workflow.state import Process, move
from brokerapp.workflow.writes import SentModel

REASON = "It may have been sent after the backup was made: we are asking the broker."
ASKED_FOR = "SUBMITTING"


class Command(BaseCommand):
    help = (
        "After the database was restored, before workers start: what waits to be sent is looked for at the "
        "broker, and not sent as if nobody had."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        if ahead := outbox.count_anew():
            self.stdout.write(f"the history's transactions are counted anew, {ahead} lower")
        for model in apps.get_models():
            # Papers that wait with a draft are not asked for yet, and do no harm twice.
            if issubclass(model, SentModel) and model.WAITING == ASKED_FOR:
                rows: Any = model._default_manager
                found = rows.filter(status=model.WAITING)
                for row in found:
                    # It may have been sent at any time since, and what the broker made of it is as old.
                    claimed_at = row.claimed_at or row.status_at
                    move(row, model.UNKNOWN, by=Process.SWEEP, reason=REASON, claimed_at=claimed_at)
                self.stdout.write(f"{model._meta.verbose_name_plural}: {len(found)}")
