"""Notices are written from the status history, and sent: once each, if at all."""

from datetime import datetime

from brokerapp.mailing import delivery
from brokerapp.notices import digests, messages, reader
from brokerapp.notices.models import Digest, Notice


def tell_people(*, now: datetime) -> None:
    """Read the status history and send every notice that is due; settle those whose process has ended."""
    reader.read_history()
    delivery.send_due(Notice, messages.message_of, now=now)
    digests.close_due(now=now)
    delivery.send_due(Digest, messages.digest_message_of, now=now)
