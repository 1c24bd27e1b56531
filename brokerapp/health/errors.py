"""The error pages that people were shown, kept for a while so that staff find them by their reference."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.http import HttpRequest

from brokerapp.health.models import ErrorPage

logger = logging.getLogger(__name__)

OF_STRANGERS_A_MINUTE = 60
"""More than these of people who are not signed in is a scan, and keeps nothing."""
A_MINUTE = timedelta(minutes=1)
SERVER_ERROR = 500


def record_error(*, request: HttpRequest, status: int, error: BaseException | None, now: datetime) -> str:
    """Keep that an error page is shown; returns the reference to show, "" if it would be found nowhere.

    While the database is away, the log alone has it.
    """
    reference = str(getattr(request, "reference", ""))
    if not reference or isinstance(error, (OperationalError, InterfaceError)):
        return reference
    try:
        user_id = getattr(getattr(request, "user", None), "pk", None)
        if user_id is None and status < SERVER_ERROR and _is_scanned(now):
            return ""
        with transaction.atomic():
            ErrorPage.objects.get_or_create(
                reference=reference,
                defaults={
                    "at": now,
                    "status": status,
                    "method": (request.method or "")[:10],
                    "route": (request.resolver_match.route if request.resolver_match else "")[:200],
                    "exception": _name_of(error)[:200],
                    "user_id": user_id,
                },
            )
    except DatabaseError:
        logger.exception("the error page %s could not be kept", reference)
    return reference


def _is_scanned(now: datetime) -> bool:
    lately = ErrorPage.objects.filter(at__gt=now - A_MINUTE, user_id=None, status__lt=SERVER_ERROR)
    return lately.count() >= OF_STRANGERS_A_MINUTE


def _name_of(error: BaseException | None) -> str:
    return f"{type(error).__module__}.{type(error).__qualname__}" if error else ""


def prune_error_pages(*, now: datetime) -> int:
    """Forget the pages past `settings.ERROR_RETENTION_DAYS`; returns how many."""
    past = ErrorPage.objects.filter(at__lt=now - timedelta(days=settings.ERROR_RETENTION_DAYS))
    return past.delete()[0]
