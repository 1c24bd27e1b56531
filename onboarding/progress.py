"""Where an application stands, in words for the person who sent it. Pure."""

from dataclasses import dataclass

from brokerapp.accounts.capabilities import Capability, StatusNotKnown, refusal
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.ui.timeline import TimelineStep
from brokerapp.workflow.following import is_known_word
from onboarding.kyc_results import KycRequest, open_requests
from onboarding.models import KycApplication
from onboarding.statuses import ApplicationStatus


@dataclass(frozen=True)
class Progress:
    """The status page: one notice, the steps, what the broker asks for, and whether it can still change."""

    tone: str
    title: str
    text: str
    steps: list[TimelineStep]
    requests: list[KycRequest]
    waiting: bool


ACCOUNT_NOTICES = {
    AccountStatus.ACTIVE: ("success", "Your account is open", "Next, link your bank to put money in."),
    AccountStatus.ACCOUNT_UPDATED: (
        "info",
        "A change to your details is in review",
        "You can trade and deposit meanwhile. Withdrawals open again once it is approved.",
    ),
    AccountStatus.ACTION_REQUIRED: (
        "warn",
        "The broker needs something from you",
        "Its checks could not be finished. Contact support and quote the reference at the end of this page.",
    ),
    AccountStatus.REJECTED: (
        "error",
        "Your application was not approved",
        "You can ask for it to be looked at again: contact support and quote the reference below.",
    ),
    AccountStatus.SUBMISSION_FAILED: ("info", "Delayed on our side", "There is nothing you need to do."),
    AccountStatus.DISABLED: ("warn", "Your account is disabled", "Contact support to find out why."),
    AccountStatus.ACCOUNT_CLOSED: ("info", "Your account is closed", "Your records stay available to you."),
}
APPLICATION_NOTICES = {
    ApplicationStatus.UNKNOWN: (
        "info",
        "We are checking with the broker",
        "Its answer did not reach us. We are asking whether it has your application; do not send it again.",
    ),
}
IN_REVIEW = (
    "info",
    "We are on it",
    "This page updates by itself.",
)
DECIDED = (AccountStatus.ACTIVE, AccountStatus.REJECTED, AccountStatus.DISABLED, AccountStatus.ACCOUNT_CLOSED)

RECEIVED, CHECKED, OPENED = "Received by the broker", "Identity checked", "Account open"


def application_progress(application: KycApplication, account: BrokerageAccount | None) -> Progress:
    """What to show of a sent application, with or without its account."""
    tone, title, text = _notice(application, account)
    waiting = application.status != ApplicationStatus.NEEDS_CHANGES and not (
        account and account.status in DECIDED
    )
    requests: list[KycRequest] = []
    if account and account.status == AccountStatus.ACTION_REQUIRED:
        requests = open_requests(account.kyc_results)
    return Progress(tone, title, text, _steps(application, account), requests, waiting)


def _notice(application: KycApplication, account: BrokerageAccount | None) -> tuple[str, str, str]:
    if application.status == ApplicationStatus.NEEDS_CHANGES:
        return "warn", "Your application needs a change", "Change it and send it again; nothing is lost."
    if account:
        return _account_notice(account)
    if application.status == ApplicationStatus.SUBMITTING and application.failed_sends:
        return "info", "Not sent yet", application.status_reason
    return APPLICATION_NOTICES.get(ApplicationStatus(application.status), IN_REVIEW)


def _account_notice(account: BrokerageAccount) -> tuple[str, str, str]:
    if not is_known_word(account):
        return "warn", "Your account is in a state that we do not know", StatusNotKnown.words
    blocks = [refusal(account, capability) for capability in (Capability.TRADE, Capability.DEPOSIT)]
    blocked = next(filter(None, blocks), None)
    if account.is_open and blocked:
        return "warn", "Your account is limited at the moment", str(blocked)
    return ACCOUNT_NOTICES.get(AccountStatus(account.status), IN_REVIEW)


def _steps(application: KycApplication, account: BrokerageAccount | None) -> list[TimelineStep]:
    sent = TimelineStep("Answers sent", "done", application.submitted_at)
    if account is None:
        refused = application.status == ApplicationStatus.NEEDS_CHANGES
        received = TimelineStep(RECEIVED, "failed" if refused else "current")
        return [sent, received, TimelineStep(CHECKED, "upcoming"), TimelineStep(OPENED, "upcoming")]
    return [sent, TimelineStep(RECEIVED, "done", account.created_at), *_decision_steps(account)]


def _decision_steps(account: BrokerageAccount) -> list[TimelineStep]:
    checked = TimelineStep(CHECKED, "done")
    if account.status == AccountStatus.ACTIVE:
        return [checked, TimelineStep(OPENED, "done", account.status_at)]
    if account.was_opened:
        state = "current" if account.is_open else "failed"
        now = TimelineStep(account.get_status_display(), state, account.status_at)
        return [checked, TimelineStep(OPENED, "done"), now]
    if account.status == AccountStatus.APPROVED:
        return [checked, TimelineStep(OPENED, "current")]
    state = "failed" if account.status == AccountStatus.REJECTED else "current"
    under_way = TimelineStep(CHECKED, state, account.status_at, account.get_status_display())
    return [under_way, TimelineStep(OPENED, "upcoming")]
