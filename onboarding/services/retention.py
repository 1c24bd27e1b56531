"""Personal data that is forgotten here once the broker has it. By settings; every day."""

import logging
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import QuerySet

from brokerapp.accounts.statuses import ENDED_ACCOUNT, OPEN_ACCOUNT
from onboarding.models import Document, KycApplication, TaxForm
from onboarding.statuses import ApplicationStatus, DocumentStatus, TaxFormStatus

logger = logging.getLogger(__name__)

NUMBERS = ("foreign_tax_id", "tax_id_ssn")
"""Members of form W-8BEN."""


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

    The child's too, of an account for a child, and those of the people who get an IRA. The last four digits
    stay, and the blind index, which tells whether another application has the same.
    """
    opened = KycApplication.objects.filter(
        status=ApplicationStatus.SUBMITTED,
        account__status__in=(*OPEN_ACCOUNT, *ENDED_ACCOUNT),
        account__status_at__lt=now - timedelta(days=settings.TAX_ID_RETENTION_DAYS),
    )
    nothing = {"tax_id": "", "minor_tax_id": "", "foreign_tax_id": "", "beneficiary_tax_ids": None}
    kept = opened.filter(tax_id_dropped_at__isnull=True).exclude(**nothing)
    dropped = kept.update(**nothing, tax_id_dropped_at=now)
    _drop_from_tax_forms(opened, now)
    if dropped:
        logger.info("forgot the tax ids of %s applications", dropped)
    return dropped


def _drop_from_tax_forms(opened: "QuerySet[KycApplication]", now: datetime) -> None:
    """Take the number out of the forms too, once the broker has them as they were signed.

    Of those signed later as well, whether or not their application ever had a number.
    """
    decided = TaxForm.objects.filter(
        status__in=(TaxFormStatus.SENT, TaxFormStatus.DUE, TaxFormStatus.REPLACED, TaxFormStatus.REFUSED),
        tax_id_dropped_at__isnull=True,
        application__in=opened,
    )
    for form in decided:
        form.content = {name: said for name, said in form.content.items() if name not in NUMBERS}
        form.tax_id_dropped_at = now
        form.save(update_fields=["content", "tax_id_dropped_at"])
