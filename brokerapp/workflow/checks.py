"""Settings that must fit one another: neither `manage.py` nor any process starts with those that do not.

A sweep asks the broker what became of a call once the call cannot be under way any more, and gives back a
claim once its process cannot be alive any more. Both rest on the timeouts: a write is one attempt, which ends
after `BROKER_TIMEOUTS` (connecting, then each wait for bytes), wherever it is made. Web processes send orders
and bank links themselves and have no time limit but that one.
"""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from brokerapp.ui.brand_checks import TAG

MARGIN_SECONDS = 1.0
"""For what happens around a call: recording it, reading the reply."""


def longest_write() -> float:
    """How long one attempt can take, seconds."""
    connect, read = settings.BROKER_TIMEOUTS
    return float(connect + read)


@register(TAG)
def check_timeouts(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether `SETTLE_AFTER_SECONDS` is longer than a call, and the time limit of tasks longer than that."""
    problems: list[CheckMessage] = []
    if longest_write() + MARGIN_SECONDS > settings.SETTLE_AFTER_SECONDS:
        problems.append(
            Error(
                f"SETTLE_AFTER_SECONDS is {settings.SETTLE_AFTER_SECONDS}, and a call to the broker can take "
                f"{longest_write():g} seconds: a sweep would take a call under way for one that was lost.",
                hint="Make it longer than BROKER_CONNECT_TIMEOUT and BROKER_READ_TIMEOUT together.",
                id="workflow.E001",
            )
        )
    if settings.CELERY_TASK_TIME_LIMIT <= settings.SETTLE_AFTER_SECONDS:
        problems.append(
            Error(
                f"TASK_TIME_LIMIT_SECONDS is {settings.CELERY_TASK_TIME_LIMIT}, which is not longer than "
                f"SETTLE_AFTER_SECONDS ({settings.SETTLE_AFTER_SECONDS}): tasks would be killed in mid-call.",
                id="workflow.E002",
            )
        )
    return problems
