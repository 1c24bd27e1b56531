"""What the mail provider says became of mails that it took: it came back, arrived, was reported as spam.

Each mail carries our reference of its row, and the provider gives it back. What it says may come twice and in
any order: the newest word by its clock holds, and of two of the same instant the worse.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from anymail.signals import EventType
from django.apps import apps
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from brokerapp.mailing.models import Arrival, MailModel, MailStatus

KEY = "mail"
"""Of our reference, in what is sent along with a mail."""
ARRIVALS = {
    EventType.DEFERRED: Arrival.DELAYED,
    EventType.DELIVERED: Arrival.DELIVERED,
    EventType.BOUNCED: Arrival.RETURNED,
    EventType.REJECTED: Arrival.RETURNED,
    EventType.FAILED: Arrival.RETURNED,
    EventType.COMPLAINED: Arrival.SPAM,
}
"""Of the other events, who opened what among them, nothing is kept."""
OF_THE_PROVIDER = EventType.FAILED
"""Says nothing about the address: the provider could not send."""
WORST_LAST = (Arrival.DELIVERED, Arrival.RETURNED, Arrival.SPAM)

Listener = Callable[[str, Arrival, datetime], None]
_listeners: list[Listener] = []


@dataclass(frozen=True)
class Report:
    """What became of one mail, when, and why in a word of django-anymail's; `address` is whose mail it was.

    `address` is "" where it is not the reason.
    """

    reference: str
    address: str
    arrival: Arrival
    at: datetime
    reason: str = ""


def register(listener: Listener) -> None:
    """Tell `listener` of addresses: their last word by its time; called when the apps are ready."""
    _listeners.append(listener)


def reference_of(row: MailModel) -> str:
    """What names a row at the provider, which may send for other sites of ours too."""
    return f"{urlsplit(settings.SITE_URL).netloc}/{row._meta.label_lower}/{row.pk}"


def report_of(event: Any, *, now: datetime) -> Report | None:
    """An event of django-anymail's as we keep it; None for what says nothing of a mail's arrival."""
    arrival = ARRIVALS.get(event.event_type)
    if arrival is None:
        return None
    about_address = event.event_type != OF_THE_PROVIDER
    return Report(
        reference=str((event.metadata or {}).get(KEY, "")),
        address=str(event.recipient or "") if about_address else "",
        arrival=arrival,
        at=min(event.timestamp or now, now),
        reason=str(event.reject_reason or "")[:20],
    )


def take(reports: Iterable[Report]) -> None:
    """Keep what was reported, on the rows of the mails and with whom else it concerns."""
    for report in reports:
        row = _row_of(report.reference)
        if row is None:
            continue  # of another site, or forgotten meanwhile
        with transaction.atomic():
            _keep(row, report)
            tell(report.address, report.arrival, report.at)


def tell(address: str, arrival: Arrival, at: datetime) -> None:
    """Tell those who registered of an address at which a mail arrived or did not."""
    if address and arrival != Arrival.DELAYED:
        for listener in _listeners:
            listener(address, arrival, at)


def unknown_or_older(arrival: Arrival, at: datetime, prefix: str) -> Q:
    """Rows whose columns `<prefix>` and `<prefix>_at` hold nothing, or an older word than this one."""
    not_final = Q(**{f"{prefix}__in": ("", Arrival.DELAYED)})
    before = Q(**{f"{prefix}_at__isnull": True}) | Q(**{f"{prefix}_at__lt": at})
    if arrival == Arrival.DELAYED:
        return not_final & before
    better = WORST_LAST[: WORST_LAST.index(arrival)]
    return not_final | before | Q(**{f"{prefix}_at": at, f"{prefix}__in": better})


def _row_of(reference: str) -> MailModel | None:
    site, _, rest = reference.partition("/")
    label, _, pk = rest.partition("/")
    if site != urlsplit(settings.SITE_URL).netloc:
        return None
    try:
        model = apps.get_model(label)
        if not issubclass(model, MailModel):
            return None
        found: MailModel | None = model._default_manager.filter(pk=pk).first()
    except (LookupError, ValueError, ValidationError):
        return None
    return found


def _keep(row: MailModel, report: Report) -> None:
    rows = type(row)._default_manager.filter(pk=row.pk)
    rows.filter(unknown_or_older(report.arrival, report.at, "arrival")).update(
        arrival=report.arrival, arrival_at=report.at, arrival_reason=report.reason
    )
    # Whose answer was lost was taken after all.
    lost = rows.filter(status__in=(MailStatus.SENDING, MailStatus.UNKNOWN))
    lost.update(status=MailStatus.SENT, sent_at=report.at, error="")
