"""Doors to the services: ids in, one service call. Every task may run twice."""

from celery import shared_task
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.workflow.state import Process
from onboarding.cases import CipRecord, KycAnswer
from onboarding.models import Document, KycApplication, ProfileChange, TaxForm
from onboarding.services import applications, cip, documents, kyc, papers, profile, retention, tax_forms


@shared_task
def open_account(*, application_id: str, **_: object) -> None:
    """Send one submitted application."""
    application = KycApplication.objects.select_related("user").get(pk=application_id)
    applications.open_account(application=application, now=timezone.now())


@shared_task
def settle_application(*, application_id: str, staff_id: str = "", **_: object) -> None:
    """Find out what became of one application; `staff_id` is who asked."""
    application = KycApplication.objects.select_related("user").get(pk=application_id)
    applications.settle_application(application=application, by=_actor(staff_id), now=timezone.now())


@shared_task
def settle_applications(**_: object) -> None:
    """Sweep: applications that wait or whose outcome is unknown."""
    applications.settle_applications(now=timezone.now())


@shared_task
def send_document(*, document_id: str, **_: object) -> None:
    """Send one stored document."""
    documents.send_document(document=Document.objects.get(pk=document_id), now=timezone.now())


@shared_task
def settle_document(*, document_id: str, staff_id: str = "", **_: object) -> None:
    """Find out what became of one document; `staff_id` is who asked."""
    document = Document.objects.defer("content").get(pk=document_id)
    documents.settle_document(document=document, by=_actor(staff_id), now=timezone.now())


@shared_task
def settle_documents(**_: object) -> None:
    """Sweep: documents that wait or whose outcome is unknown."""
    documents.settle_documents(now=timezone.now())


@shared_task
def send_kyc_answer(*, answer_id: str, **_: object) -> None:
    """Send one answer to what the broker asked for."""
    kyc.send_answer(answer=KycAnswer.objects.get(pk=answer_id), now=timezone.now())


@shared_task
def settle_kyc_answers(**_: object) -> None:
    """Sweep: answers that wait or whose outcome is unknown."""
    kyc.settle_answers(now=timezone.now())


@shared_task
def send_cip_record(*, record_id: str, **_: object) -> None:
    """Send how our staff made sure who somebody is."""
    cip.send_record(record=CipRecord.objects.get(pk=record_id), now=timezone.now())


@shared_task
def settle_cip_records(**_: object) -> None:
    """Sweep: CIP records that wait or whose outcome is unknown."""
    cip.settle_records(now=timezone.now())


@shared_task
def send_tax_form(*, tax_form_id: str, **_: object) -> None:
    """Send one form W-8BEN that was signed again."""
    tax_forms.send_tax_form(form=TaxForm.objects.get(pk=tax_form_id), now=timezone.now())


@shared_task
def settle_tax_forms(**_: object) -> None:
    """Sweep: forms W-8BEN that wait or whose outcome is unknown."""
    tax_forms.settle_tax_forms(now=timezone.now())


@shared_task
def ask_for_tax_forms(**_: object) -> None:
    """Daily: ask for a new form W-8BEN where one ends soon."""
    tax_forms.ask_again(now=timezone.now())


@shared_task
def ask_for_papers(**_: object) -> None:
    """Daily: ask for a new passport, identity card or visa where one ends soon."""
    papers.ask_again(now=timezone.now())


@shared_task
def send_profile_change(*, change_id: str, **_: object) -> None:
    """Send one change of a profile."""
    change = ProfileChange.objects.select_related("account", "follows").get(pk=change_id)
    profile.send_change(change=change, now=timezone.now())


@shared_task
def settle_profile_changes(**_: object) -> None:
    """Sweep: changes of profiles that wait or whose outcome is unknown."""
    profile.settle_changes(now=timezone.now())


@shared_task
def drop_personal_data(**_: object) -> None:
    """Daily: forget documents and tax ids that the broker has and that nothing needs any more."""
    retention.drop_documents(now=timezone.now())
    retention.drop_tax_ids(now=timezone.now())


def _actor(staff_id: str) -> User | Process:
    return User.objects.get(pk=staff_id) if staff_id else Process.SWEEP
