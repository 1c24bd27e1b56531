"""The queues of what every installation has; further apps add their own in the same way (`ui.queues`)."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from brokerapp.accounts.models import BrokerageAccount, WithdrawalHold
from brokerapp.accounts.roles import Role
from brokerapp.accounts.statuses import AccountStatus, HoldStatus
from brokerapp.closing.models import AccountClosing
from brokerapp.decisions.models import DecisionStatus, StaffDecision
from brokerapp.events.models import UNREADABLE, BrokerEvent
from brokerapp.mailing.models import NOT_ARRIVED, MailStatus, QueuedMail
from brokerapp.notices.kinds import MUST_BE_MAILED
from brokerapp.notices.models import Notice
from brokerapp.support.models import Case
from brokerapp.ui.queues import Queue, register
from funding.models import BankLink, Transfer
from funding.statuses import TransferStatus
from onboarding.cases import CipRecord, KycAnswer
from onboarding.models import Document, KycApplication, ProfileChange, TaxForm
from onboarding.services.queue import waiting
from trading.models import Order
from trading.statuses import OrderStatus

LATELY = timedelta(days=30)
RETURNED_LATELY = timedelta(days=14)
IN_REVIEW = (
    AccountStatus.SUBMITTED,
    AccountStatus.APPROVAL_PENDING,
    AccountStatus.REAPPROVAL_PENDING,
    AccountStatus.AML_REVIEW,
    AccountStatus.KYC_SUBMITTED,
    AccountStatus.RESUBMITTED,
    AccountStatus.SUBMISSION_FAILED,
)
NO_ORDER_YET = (OrderStatus.UNKNOWN, OrderStatus.NOT_FOUND)
FAILED_MAIL = (MailStatus.FAILED, MailStatus.UNKNOWN)


def _accounts(*statuses: str) -> QuerySet[BrokerageAccount]:
    return BrokerageAccount.objects.filter(status__in=statuses)


def _given_up() -> QuerySet[BrokerEvent]:
    return BrokerEvent.objects.filter(handled_at__isnull=False).exclude(error="").exclude(outcome=UNREADABLE)


def _failing() -> QuerySet[BrokerEvent]:
    return BrokerEvent.objects.filter(handled_at__isnull=True).exclude(error="")


def _lost(model: Any) -> QuerySet[Any]:
    """Mails of the last days that were given up, or may not have arrived."""
    return model.objects.filter(status__in=FAILED_MAIL, created_at__gt=timezone.now() - LATELY)


def _dead_letters() -> QuerySet[Notice]:
    """Mails of the last days that the law asks for, and that the mail provider says did not arrive."""
    lately = Notice.objects.filter(arrival__in=NOT_ARRIVED, created_at__gt=timezone.now() - LATELY)
    return lately.filter(kind__in=MUST_BE_MAILED)


def _returned() -> QuerySet[Transfer]:
    return Transfer.objects.filter(
        status=TransferStatus.RETURNED, status_at__gt=timezone.now() - RETURNED_LATELY
    )


def _applications_waiting() -> tuple[int, datetime | None]:
    """How many, whatever for, and since when the longest; a handful of queries."""
    found = waiting(timezone.now())
    return len(found), found[0].since if found else None


def _list(*statuses: str) -> str:
    return "status__in=" + ",".join(statuses)


OPERATIONS, APPROVER, SUPPORT = Role.OPERATIONS.value, Role.APPROVER.value, Role.SUPPORT.value


def _unknown(name: str, model: Any, title: str) -> Queue:
    """The queue of a `SentModel`'s rows of which nobody knows whether the broker has them."""
    meta = model._meta
    return Queue(
        name,
        title,
        OPERATIONS,
        lambda: model.objects.filter(status=model.UNKNOWN),
        "status_at",
        f"{meta.app_label}_{meta.model_name}",
        f"status__exact={model.UNKNOWN}",
        f"{meta.app_label}.view_{meta.model_name}",
    )


QUEUES = (
    Queue(
        "applications-waiting",
        "Applications that wait for us",
        OPERATIONS,
        lambda: KycApplication.objects.filter(pk__in=[one.application_id for one in waiting(timezone.now())]),
        "status_at",
        "admin:onboarding_kycapplication_queue",
        "",
        "onboarding.view_kycapplication",
        measured=_applications_waiting,
    ),
    Queue(
        "applications-in-review",
        "Applications at the broker",
        OPERATIONS,
        lambda: _accounts(*IN_REVIEW),
        "status_at",
        "accounts_brokerageaccount",
        _list(*IN_REVIEW),
        "accounts.view_brokerageaccount",
        is_urgent=False,
    ),
    Queue(
        "kyc-actions",
        "People who must send something",
        SUPPORT,
        lambda: _accounts(AccountStatus.ACTION_REQUIRED),
        "status_at",
        "accounts_brokerageaccount",
        "status__exact=ACTION_REQUIRED",
        "accounts.view_brokerageaccount",
    ),
    _unknown("applications-unknown", KycApplication, "Applications of unknown outcome"),
    _unknown("documents-unknown", Document, "Documents of unknown outcome"),
    _unknown("answers-unknown", KycAnswer, "Answers of unknown outcome"),
    _unknown("cip-unknown", CipRecord, "CIP records of unknown outcome"),
    _unknown("tax-forms-unknown", TaxForm, "Forms W-8BEN of unknown outcome"),
    _unknown("profile-changes-unknown", ProfileChange, "Profile changes of unknown outcome"),
    _unknown("closings-unknown", AccountClosing, "Closings of unknown outcome"),
    _unknown("bank-links-unknown", BankLink, "Bank links of unknown outcome"),
    Queue(
        "transfers-undecided",
        "Transfers to decide about",
        OPERATIONS,
        lambda: Transfer.objects.filter(needs_decision_at__isnull=False),
        "needs_decision_at",
        "funding_transfer",
        "undecided=yes",
        "funding.view_transfer",
    ),
    Queue(
        "transfers-unknown",
        "Transfers being looked for",
        OPERATIONS,
        lambda: Transfer.objects.filter(status=TransferStatus.UNKNOWN, needs_decision_at__isnull=True),
        "status_at",
        "funding_transfer",
        "status__exact=UNKNOWN&undecided=no",
        "funding.view_transfer",
    ),
    Queue(
        "orders-unknown",
        "Orders of unknown outcome",
        OPERATIONS,
        lambda: Order.objects.filter(status__in=NO_ORDER_YET),
        "status_at",
        "trading_order",
        _list(*NO_ORDER_YET),
        "trading.view_order",
    ),
    Queue(
        "returns",
        "Transfers returned in 14 days",
        OPERATIONS,
        _returned,
        "status_at",
        "funding_transfer",
        "returned=14",
        "funding.view_transfer",
        is_urgent=False,
    ),
    Queue(
        "approvals",
        "Decisions that wait for a second person",
        APPROVER,
        lambda: StaffDecision.objects.filter(status=DecisionStatus.PROPOSED),
        "created_at",
        "decisions_staffdecision",
        "status__exact=PROPOSED",
        "decisions.view_staffdecision",
    ),
    Queue(
        "secured",
        "Accounts secured by their owners",
        OPERATIONS,
        lambda: WithdrawalHold.objects.filter(until__isnull=True, status=HoldStatus.ACTIVE),
        "created_at",
        "accounts_withdrawalhold",
        "in_force=secured",
        "accounts.view_withdrawalhold",
    ),
    Queue(
        "cases",
        "Questions of people",
        SUPPORT,
        Case.objects.waiting,
        "status_at",
        "support_case",
        "status__exact=OPEN",
        "support.view_case",
    ),
    Queue(
        "events-failing",
        "Events that fail and are tried again",
        OPERATIONS,
        _failing,
        "received_at",
        "events_brokerevent",
        "state=failing",
        "events.view_brokerevent",
    ),
    Queue(
        "events-given-up",
        "Events that were given up",
        OPERATIONS,
        _given_up,
        "received_at",
        "events_brokerevent",
        "state=given-up",
        "events.view_brokerevent",
    ),
    Queue(
        "notices-lost",
        "Notices that did not arrive, 30 days",
        SUPPORT,
        lambda: _lost(Notice),
        "created_at",
        "notices_notice",
        _list(*FAILED_MAIL),
        "notices.view_notice",
        is_urgent=False,
    ),
    Queue(
        "dead-letters",
        "Mails that must arrive and came back, 30 days",
        SUPPORT,
        _dead_letters,
        "created_at",
        "notices_notice",
        "dead=letters",
        "notices.view_notice",
        is_urgent=False,
    ),
    Queue(
        "mails-lost",
        "Mails that did not arrive, 30 days",
        SUPPORT,
        lambda: _lost(QueuedMail),
        "created_at",
        "mailing_queuedmail",
        _list(*FAILED_MAIL),
        "mailing.view_queuedmail",
        is_urgent=False,
    ),
)


def connect() -> None:
    """Add the queues; called once, when the apps are ready."""
    for queue in QUEUES:
        register(queue)
