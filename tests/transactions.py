"""Waiting for transactions of other sessions."""

from brokerapp.workflow.models import OldestRunningTransaction, StatusChange
from tests.sandbox_process import eventually

LONGEST_TEST = 300
"""Seconds that a test elsewhere may keep its transaction open, on a busy machine."""


def all_ended() -> None:
    """Wait until no older transaction runs, also of other tests' databases on this server."""
    running = StatusChange.objects.filter(transaction_id__gte=OldestRunningTransaction())
    eventually(lambda: not running.exists(), timeout=LONGEST_TEST, what="the end of older transactions")
