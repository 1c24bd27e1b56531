"""Personal data that is forgotten here once the broker has it. By settings; every day."""

import logging
from datetime import datetime, timedelta

from django.conf import settings

from brokerapp.accounts.statuses import ENDED_ACCOUNT, OPEN_ACCOUNT
from onboarding.models import Document, KycApplication
from onboarding.statuses import ApplicationStatus, DocumentStatus

logger = logging.getLogger(__name__)


def drop_documents(*, now: datetime) -> int:
    """Forget the files that the broker took or refused `DOCUMENT_RETENTION_DAYS` ago; returns how many.

    That there was one, of which kind, and what became of it stays.
    """
    decided = Document.objects.filter(
        status__in=(DocumentStatus.SENT, DocumentStatus.REFUSED),
        status_at__lt=now - timedelta(days=settings.DOCUMENT_RETENTION_DAYS),
        dropped_at__isnull=True,
    )
    dropped = decided.update(content=b"", dropped_at=now)
    if dropped:
        logger.info("forgot the content of %s documents", dropped)
    return dropped


def drop_tax_ids(*, now: datetime) -> int:
    """Forget the tax ids of applications whose account has been open for `TAX_ID_RETENTION_DAYS`; how many.

    The child's too, of an account for a child. The last four digits stay, and the blind index, which tells
    whether another application has the same.
    """
    opened = KycApplication.objects.filter(
        status=ApplicationStatus.SUBMITTED,
        account__status__in=(*OPEN_ACCOUNT, *ENDED_ACCOUNT),
        account__status_at__lt=now - timedelta(days=settings.TAX_ID_RETENTION_DAYS),
        tax_id_dropped_at__isnull=True,
    )
    kept = opened.exclude(tax_id="", minor_tax_id="")
    dropped = kept.update(tax_id="", minor_tax_id="", tax_id_dropped_at=now)
    if dropped:
        logger.info("forgot the tax ids of %s applications", dropped)
    return dropped
