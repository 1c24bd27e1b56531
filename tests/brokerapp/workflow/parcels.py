"""A noun of the tests' own, the smallest that is sent to the broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection, models
from django.utils import timezone

from brokerapp.broker import clients
from brokerapp.broker.alpaca.models import NoContent
from brokerapp.workflow.state import Process, move
from brokerapp.workflow.writes import SentModel, send

PATH = "/v1/parcels"


class Parcel(SentModel):
    """Something that is sent once."""

    TRANSITIONS = {
        "SUBMITTING": frozenset({"SENT", "REFUSED", "UNKNOWN"}),
        "UNKNOWN": frozenset({"SENT", "REFUSED"}),
    }

    status = models.CharField(max_length=20, default="SUBMITTING")
    user_id = models.BigIntegerField(default=1)

    objects: "models.Manager[Parcel]" = models.Manager()

    class Meta:
        app_label = "parcels"

    def __str__(self) -> str:
        return f"parcel {self.pk}"


@contextmanager
def parcel_table() -> Iterator[None]:
    """The noun's table, for as long as a test needs it."""
    with connection.schema_editor() as editor:
        editor.create_model(Parcel)
    try:
        yield
    finally:
        with connection.schema_editor() as editor:
            editor.delete_model(Parcel)


def post(parcel: Parcel) -> NoContent:
    """The call that sends it."""
    return clients.get_client(about=parcel).transport.send("POST", PATH, NoContent.from_reply)


def send_parcel(parcel: Parcel, **options: object) -> Parcel:
    """Send it as the services do."""
    given: dict[str, Any] = {
        "call": lambda: post(parcel),
        "apply": lambda reply: move(parcel, "SENT", by=Process.REPLY, request_id=reply.request_id),
        "refuse": lambda error: move(parcel, "REFUSED", by=Process.REPLY, reason=error.user_message),
        "now": timezone.now(),
    } | options
    return send(parcel, **given)
