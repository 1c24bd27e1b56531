"""Where an application stands, in words for the person who sent it. Pure."""

from dataclasses import dataclass

from brokerapp.accounts.capabilities import AccountRefused, Capability, StatusNotKnown, refusal
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus
from brokerapp.ui.timeline import TimelineStep
from brokerapp.workflow.following import is_known_word
from onboarding.kyc_results import reasons_to_say
from onboarding.models import KycApplication
from onboarding.statuses import ApplicationStatus


@dataclass(frozen=True)
class Notice:
    """What the status page says first: how it stands, what that means, and what comes next."""

    tone: str
    title: str
    text: str
    next: str = ""


@dataclass(frozen=True)
class Progress:
    """The status page: one notice, the steps, and whether it can still change."""

    notice: Notice
    steps: list[TimelineStep]
    waiting: bool
    reasons: list[str]
    may_appeal: bool


BY_ITSELF = "Nothing to do: this page shows it as soon as it is decided."
ACCOUNT_NOTICES = {
    AccountStatus.ACTIVE: Notice(
        "success",
        "Your account is open",
        "You can put money in and trade.",
        "Link your bank to put money in.",
    ),
    AccountStatus.ACCOUNT_UPDATED: Notice(
        "info",
        "A change to your details is in review",
        "You can trade and deposit meanwhile. Withdrawals open again once it is approved.",
        BY_ITSELF,
    ),
    AccountStatus.REAPPROVAL_PENDING: Notice(
        "info",
        "Your account is being approved anew",
        "Something about you or the account changed, and the broker's staff look at all of it again.",
        "Nothing to do, unless the broker asks: then this page says for what.",
    ),
    AccountStatus.ACTION_REQUIRED: Notice(
        "warn",
        "The broker needs something from you",
        "Its checks could not be finished. All that you answered is kept, and you do not start over.",
        "Answer what is marked “To do” below, in any order.",
    ),
    AccountStatus.APPROVAL_PENDING: Notice(
        "info",
        "The broker's staff decide now",
        "All answers are in, and a person looks at them. That can take a few business days.",
        BY_ITSELF,
    ),
    AccountStatus.AML_REVIEW: Notice(
        "info",
        "The broker's staff look at your application",
        "It is one of those that a person looks at. That can take a few business days.",
        BY_ITSELF,
    ),
    AccountStatus.ONBOARDING: Notice(
        "info",
        "The broker waits for its identity check",
        "It has your application, and has not begun to look at it.",
        "Nothing to do here. If this stays for more than a day, contact support with the reference below.",
    ),
    AccountStatus.APPROVED: Notice(
        "success",
        "You are approved",
        "The broker opens your account now.",
        "Nothing to do: it takes a moment.",
    ),
    AccountStatus.REJECTED: Notice(
        "error",
        "Your application was not approved",
        "The broker decided not to open an account for you. No money was taken, and none can be put in.",
        "If that is a mistake, ask for it to be looked at again, below.",
    ),
    AccountStatus.SUBMISSION_FAILED: Notice(
        "info",
        "Delayed on our side",
        "Something failed at the broker. It is about nothing that you answered, and nothing is lost.",
        "There is nothing you need to do: our staff see it too, and have it sent again.",
    ),
    AccountStatus.LIMITED: Notice(
        "warn",
        "Your account is limited",
        "The broker allows only some things for now.",
        "Contact support with the reference below to find out which, and why.",
    ),
    AccountStatus.DISABLE_PENDING: Notice(
        "warn",
        "Your account is being disabled",
        "The broker is taking it out of use. Your records stay available to you.",
        "Contact support with the reference below to find out why.",
    ),
    AccountStatus.DISABLED: Notice(
        "warn",
        "Your account is disabled",
        "It cannot be used. What you hold stays yours, and your records stay available to you.",
        "Contact support with the reference below to find out why.",
    ),
    AccountStatus.ACCOUNT_CLOSED: Notice(
        "info", "Your account is closed", "Your records stay available to you."
    ),
}
LOOKED_INTO = Notice(
    "info",
    "The broker looks at what you sent",
    "Everything that you could send is on its way or there. That it is read can take a few business days.",
    BY_ITSELF,
)
NOT_SAID = Notice(
    "warn",
    "The broker needs something from you",
    "It has not said what in a way that we can show you. Our staff see it too, and ask it.",
    "Nothing to do: this page says what it is as soon as we know.",
)
APPLICATION_NOTICES = {
    ApplicationStatus.UNKNOWN: Notice(
        "info",
        "We are checking with the broker",
        "Its answer did not reach us. We are asking whether it has your application; do not send it again.",
    ),
    ApplicationStatus.IN_REVIEW: Notice(
        "info",
        "Our staff look at your application",
        "They make sure that answers and papers agree. Then it goes to the broker.",
        "Nothing to do, unless they ask for something: then this page says what.",
    ),
    ApplicationStatus.REJECTED: Notice(
        "error",
        "Your application was not approved",
        "Our staff decided not to open an account for you. No money was taken.",
        "If that is a mistake, ask for it to be looked at again, below.",
    ),
}
IN_REVIEW = Notice(
    "info", "We are on it", "The broker is checking your answers. This page updates by itself."
)
DECIDED = (AccountStatus.ACTIVE, AccountStatus.REJECTED, AccountStatus.DISABLED, AccountStatus.ACCOUNT_CLOSED)

LOOKED_AT = "Looked at by our staff"
RECEIVED, CHECKED, OPENED = "Received by the broker", "Identity checked", "Account open"


def application_progress(
    application: KycApplication, account: BrokerageAccount | None, *, to_do: bool | None = True
) -> Progress:
    """What to show of a sent application, with or without its account.

    `to_do` is whether something that the broker asks for waits for the person; None if it does not say what.
    """
    rejected = is_rejected(application, account)
    given_back = application.status == ApplicationStatus.NEEDS_CHANGES
    # Blocks come with the balances, which are read after the status: they may be those of the moment before.
    decided = account is not None and account.status in DECIDED and _block(account) is None
    return Progress(
        notice=_notice(application, account, to_do),
        steps=_steps(application, account),
        waiting=not (given_back or decided or rejected),
        reasons=_reasons(application, account) if rejected else [],
        may_appeal=rejected,
    )


def is_rejected(application: KycApplication, account: BrokerageAccount | None) -> bool:
    """Whether the broker, or our own staff before it, did not approve it."""
    by_us = application.status == ApplicationStatus.REJECTED
    return by_us or (account is not None and account.status == AccountStatus.REJECTED)


def _reasons(application: KycApplication, account: BrokerageAccount | None) -> list[str]:
    """Why it was not approved, as far as it can be said."""
    if account is None:
        return [application.status_reason]
    return reasons_to_say(account.kyc_results)


def _notice(application: KycApplication, account: BrokerageAccount | None, to_do: bool | None) -> Notice:
    if application.status == ApplicationStatus.NEEDS_CHANGES:
        return Notice(
            "warn", "Your application needs a change", "Change it and send it again; nothing is lost."
        )
    if account:
        return _account_notice(account, to_do)
    if application.status == ApplicationStatus.SUBMITTING and application.failed_sends:
        return Notice("info", "Not sent yet", application.status_reason)
    return APPLICATION_NOTICES.get(ApplicationStatus(application.status), IN_REVIEW)


def _account_notice(account: BrokerageAccount, to_do: bool | None) -> Notice:
    if not is_known_word(account):
        return Notice("warn", "Your account is in a state that we do not know", StatusNotKnown.words)
    if blocked := _block(account):
        return Notice("warn", "Your account is limited at the moment", str(blocked))
    if account.status == AccountStatus.ACTION_REQUIRED and not to_do:
        return NOT_SAID if to_do is None else LOOKED_INTO
    return ACCOUNT_NOTICES.get(AccountStatus(account.status), IN_REVIEW)


def _block(account: BrokerageAccount) -> AccountRefused | None:
    """What keeps an open account from trading or being paid into; None if nothing does."""
    if not account.is_open:
        return None
    blocks = [refusal(account, capability) for capability in (Capability.TRADE, Capability.DEPOSIT)]
    return next(filter(None, blocks), None)


def _steps(application: KycApplication, account: BrokerageAccount | None) -> list[TimelineStep]:
    sent = TimelineStep("Answers sent", "done", application.submitted_at)
    if account is None:
        if application.status in (ApplicationStatus.IN_REVIEW, ApplicationStatus.REJECTED):
            return [sent, *_steps_of_our_review(application)]
        refused = application.status == ApplicationStatus.NEEDS_CHANGES
        received = TimelineStep(RECEIVED, "failed" if refused else "current")
        return [sent, received, TimelineStep(CHECKED, "upcoming"), TimelineStep(OPENED, "upcoming")]
    return [sent, TimelineStep(RECEIVED, "done", account.created_at), *_decision_steps(account)]


def _steps_of_our_review(application: KycApplication) -> list[TimelineStep]:
    state = "failed" if application.status == ApplicationStatus.REJECTED else "current"
    ours = TimelineStep(LOOKED_AT, state, application.status_at)
    return [ours, *(TimelineStep(title, "upcoming") for title in (RECEIVED, CHECKED, OPENED))]


def _decision_steps(account: BrokerageAccount) -> list[TimelineStep]:
    checked = TimelineStep(CHECKED, "done")
    if account.status == AccountStatus.ACTIVE and is_known_word(account):
        return [checked, TimelineStep(OPENED, "done", account.status_at)]
    if account.was_opened:
        state = "current" if account.is_open else "failed"
        now = TimelineStep(account.status_label, state, account.status_at)
        return [checked, TimelineStep(OPENED, "done"), now]
    if account.status == AccountStatus.APPROVED:
        return [checked, TimelineStep(OPENED, "current")]
    state = "failed" if account.status == AccountStatus.REJECTED else "current"
    under_way = TimelineStep(CHECKED, state, account.status_at, account.get_status_display())
    return [under_way, TimelineStep(OPENED, "upcoming")]
