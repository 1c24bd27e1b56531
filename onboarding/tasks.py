"""Doors to the services: ids in, one service call. Every task may run twice."""

from celery import shared_task
from django.utils import timezone

from onboarding.models import Document, KycApplication
from onboarding.services import applications, documents


@shared_task
def open_account(*, application_id: str, **_: object) -> None:
    """Send one submitted application."""
    applications.open_account(
        application=KycApplication.objects.select_related("user").get(pk=application_id)
    )


@shared_task
def settle_applications(**_: object) -> None:
    """Sweep: applications that wait or whose outcome is unknown."""
    applications.settle_applications(now=timezone.now())


@shared_task
def send_document(*, document_id: str, **_: object) -> None:
    """Send one stored document."""
    documents.send_document(document=Document.objects.get(pk=document_id))


@shared_task
def settle_documents(**_: object) -> None:
    """Sweep: documents that wait or whose outcome is unknown."""
    documents.settle_documents(now=timezone.now())
