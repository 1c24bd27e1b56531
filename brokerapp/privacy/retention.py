"""Whose account is closed for longer than records are kept is forgotten: every day, with a line in the log.

What stays is what happened, without whose it was: the account with its orders, transfers and activities, the
status history, and the security log, which nobody can change.
"""

from datetime import datetime, timedelta
from functools import partial
from typing import Any, cast

from django.apps import apps
from django.conf import settings
from django.db import models, transaction
from django.db.models import Q

from brokerapp.accounts.models import BrokerageAccount, User
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.privacy.classification import HELD, RECORDS, SCRUBBED
from brokerapp.privacy.services import erase_contact
from brokerapp.security_log.kinds import Kind
from brokerapp.security_log.services import record
from brokerapp.support.models import CaseMessage
from brokerapp.workflow import sweeps
from onboarding.models import KycApplication
from onboarding.statuses import ApplicationStatus

OVER = (AccountStatus.ACCOUNT_CLOSED, AccountStatus.REJECTED)
OF_APPLICATION = (
    "Document",
    "Agreement",
    "TaxForm",
    "KycAnswer",
    "CipRecord",
    "StaffRequest",
    "Word",
    "Attempt",
)
"""Rows that go with an application."""
EMPTIED = {"accounts.BrokerageAccount": "pk", "funding.BankLink": "account", "funding.Transfer": "account"}
"""Rows that stay, without what is classified as personal, and by which column they are of an account."""
WHY = "The time is over for which the law has us keep it."


def closed_before(now: datetime) -> datetime:
    """Until when an account has to be closed to be forgotten now; a few days early in no case."""
    return now - timedelta(days=366 * settings.ACCOUNT_RETENTION_YEARS)


def forget_closed_accounts(*, now: datetime) -> None:
    """Forget whose accounts, and whose applications without one, are over for long enough."""
    long_ago = closed_before(now)
    ended = BrokerageAccount.objects.filter(status__in=OVER, status_at__lt=long_ago)
    still_known = ~Q(account_number="") | Q(application__isnull=False)
    accounts = ended.filter(still_known).order_by("status_at")
    sweeps.sweep("forget accounts", accounts, partial(_forget_account, long_ago=long_ago))
    turned_down = KycApplication.objects.filter(
        account=None, status=ApplicationStatus.REJECTED, status_at__lt=long_ago
    )
    sweeps.sweep(
        "forget applications", turned_down.order_by("status_at"), partial(_forget_alone, long_ago=long_ago)
    )


def _forget_account(account: BrokerageAccount, *, long_ago: datetime) -> None:
    with transaction.atomic():
        person = User.objects.select_for_update(of=("self",), no_key=True).get(pk=account.user_id)
        done = {"applications": _delete_applications(KycApplication.objects.filter(account=account))}
        for name in ("ProfileChange", "DuePaper"):
            _delete(apps.get_model("onboarding", name)._base_manager.filter(account=account))
        CaseMessage.objects.filter(case__account=account).delete()
        for label, column in EMPTIED.items():
            _empty(label, {column: account.pk})
        done["person"] = _forget_person(person, long_ago)
        record(Kind.DATA_ERASED, person=person, obj=account, detail=done, reason=WHY)


def _forget_alone(application: KycApplication, *, long_ago: datetime) -> None:
    with transaction.atomic():
        person = User.objects.select_for_update(of=("self",), no_key=True).get(pk=application.user_id)
        done = {"applications": _delete_applications(KycApplication.objects.filter(pk=application.pk))}
        done["person"] = _forget_person(person, long_ago)
        record(Kind.DATA_ERASED, person=person, obj=application, detail=done, reason=WHY)


def _delete_applications(applications: "models.QuerySet[KycApplication]") -> int:
    keys = list(applications.values_list("pk", flat=True))
    for name in OF_APPLICATION:
        _delete(apps.get_model("onboarding", name)._base_manager.filter(application__in=keys))
    deleted, _ = KycApplication.objects.filter(pk__in=keys).delete()
    return deleted


def _delete(rows: "models.QuerySet[Any]") -> None:
    """Delete rows; those that refer to others of them first."""
    if any(field.name == "follows" for field in rows.model._meta.fields):
        rows.filter(follows__isnull=False).delete()
    rows.delete()


def _empty(label: str, of_account: dict[str, Any]) -> None:
    """Take what is classified as personal out of rows that stay."""
    model = apps.get_model(label)
    table = model._meta.db_table
    classified = [column for held in HELD if held.until == RECORDS for column in held.columns]
    ours = {
        column.removeprefix(f"{table}.")
        for column in (*classified, *SCRUBBED)
        if column.startswith(f"{table}.")
    }
    model._base_manager.filter(**of_account).update(**{name: _nothing(model, name) for name in ours})


def _nothing(model: type[models.Model], name: str) -> Any:
    field = cast("models.Field[Any, Any]", model._meta.get_field(name))
    return None if field.null else ""


def _forget_person(person: User, long_ago: datetime) -> bool:
    """Forget how a person is reached and signs in, if nothing of theirs is left that tells who they are."""
    accounts = BrokerageAccount.objects.filter(user=person)
    in_use = accounts.exclude(status__in=OVER, status_at__lt=long_ago)
    if person.is_staff or in_use.exists() or KycApplication.objects.filter(user=person).exists():
        return False
    erase_contact(person)
    return True
