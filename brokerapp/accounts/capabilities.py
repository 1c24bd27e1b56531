"""What an account may do now: `check` raises one class for each fact that blocks, `can` says yes or no.

Facts: the broker's status and the blocks it sets (Broker API, "Account Statuses" and "Trading Account"), what
this installation offers at all, and our own holds on withdrawals, which alone are asked of the database.
"""

from typing import ClassVar

from django.conf import settings
from django.db.models import TextChoices
from django.utils import timezone

from brokerapp.accounts import holds
from brokerapp.accounts.models import CUSTODIAL, IRA, BrokerageAccount, WithdrawalHold
from brokerapp.accounts.statuses import ENDED_ACCOUNT, AccountStatus
from brokerapp.workflow import following


class Capability(TextChoices):
    """Something that an account may do, or may not."""

    TRADE = "TRADE", "Trading"
    BUY = "BUY", "Buying"
    SELL = "SELL", "Selling"
    DEPOSIT = "DEPOSIT", "Depositing"
    WITHDRAW = "WITHDRAW", "Withdrawing"
    LINK_BANK = "LINK_BANK", "Linking a bank"
    BORROW = "BORROW", "Buying on margin"
    SHORT = "SHORT", "Selling short"
    OPTIONS = "OPTIONS", "Options"
    CRYPTO = "CRYPTO", "Crypto"
    CHANGE_PROFILE = "CHANGE_PROFILE", "Changing your details"
    SIGN_TAX_FORM = "SIGN_TAX_FORM", "Signing form W-8BEN"
    CLOSE = "CLOSE", "Closing the account"


TRADING = (
    Capability.TRADE,
    Capability.BUY,
    Capability.SELL,
    Capability.BORROW,
    Capability.SHORT,
    Capability.OPTIONS,
    Capability.CRYPTO,
)
MOVING_MONEY = (Capability.DEPOSIT, Capability.WITHDRAW)
ABOUT_THE_OWNER = (Capability.CHANGE_PROFILE, Capability.SIGN_TAX_FORM)


class AccountRefused(Exception):
    """The account may not do this now. The message names the fact, `page` and `action` the way on.

    `page` is the name of an address of the account, or of the person if `of_person`, "" if none of our pages
    helps. `passes` says that time alone helps, so that a page should look again by itself.
    """

    words: ClassVar[str] = ""
    page: ClassVar[str] = "account_status"
    action: ClassVar[str] = "See your application"
    of_person: ClassVar[bool] = False
    passes: ClassVar[bool] = False

    def __init__(self, message: str = "") -> None:
        super().__init__(message or self.words)


class InReview(AccountRefused):
    """The broker has not decided yet."""

    words = "Your application is still in review."


class ActionRequired(AccountRefused):
    """The broker waits for the person."""

    words = "Your application needs something from you before you can use this."


class NotApproved(AccountRefused):
    """The broker has refused the application."""

    words = "Your application was not approved, so this account cannot be used."


class SubmissionDelayed(AccountRefused):
    """A technical failure at the broker's."""

    words = "Your application is delayed on our side. You need not do anything."


class ChangeInReview(AccountRefused):
    """The person's data changed: money may not leave until the broker has looked at it."""

    words = "A change to your details is in review. You can withdraw again once it is approved."


class Limited(AccountRefused):
    """The broker has limited the account, in a way that it does not tell."""

    words = "The broker has limited your account. Contact support to find out why."


class Disabled(AccountRefused):
    """The broker has disabled the account, or is about to."""

    words = "Your account is disabled. Contact support to find out why."


class Closed(AccountRefused):
    """The account is closed for good."""

    words = "Your account is closed."
    action = "See your account"


class BeingClosed(AccountRefused):
    """Its owner has asked to have it closed, and the broker has not answered yet."""

    words = "Your account is being closed, so nothing else can be done with it."
    page = "closing:close"
    action = "See how far it is"


class StatusNotKnown(AccountRefused):
    """The broker uses a status word that we do not know, so we cannot tell what the account may do."""

    words = (
        "The broker has put your account in a state that we do not know yet, so nothing can be done with it "
        "for now. We have been told."
    )
    action = "See your account"


class AccountBlocked(AccountRefused):
    """The broker's `account_blocked`: neither trading nor transfers, but what is about its owner."""

    words = "The broker has blocked your account. Contact support to find out why."
    action = "See your account"


class TradingBlocked(AccountRefused):
    """The broker's `trading_blocked`."""

    words = "The broker has blocked trading in your account. Contact support to find out why."
    action = "See your account"


class TransfersBlocked(AccountRefused):
    """The broker's `transfers_blocked`."""

    words = "The broker has blocked deposits and withdrawals. Contact support to find out why."
    action = "See your account"


class TradingSuspended(AccountRefused):
    """The account's own setting `suspend_trade`."""

    words = "Trading is switched off in the settings of your account. Contact support to switch it on again."
    action = "See your account"


class NotOffered(AccountRefused):
    """This installation does not offer it (`NOT_OFFERED`)."""

    page = ""
    action = ""

    def __init__(self, capability: Capability) -> None:
        super().__init__(f"{capability.label} is not offered here at the moment.")


class WithdrawalsHeld(AccountRefused):
    """Somebody changed how the person signs in or is paid out, so that money waits (`accounts.holds`)."""

    page = "account_secure"
    action = "It was not me: secure my account"
    of_person = True
    passes = True

    def __init__(self, hold: WithdrawalHold) -> None:
        super().__init__(holds.in_words(hold, timezone.now()))


class AccountSecured(AccountRefused):
    """The person secured the account, and staff have not cleared it yet."""

    page = ""
    action = ""

    def __init__(self, hold: WithdrawalHold) -> None:
        super().__init__(holds.in_words(hold, timezone.now()))


class NotInThisKind(AccountRefused):
    """This kind of account never may, whatever its owner signs."""

    page = ""
    action = ""

    def __init__(self, account: BrokerageAccount, capability: Capability) -> None:
        kind = "a retirement account (IRA)" if account.is_ira else "an account for a child"
        super().__init__(f"{capability.label} is not possible in {kind}.")


NEVER: dict[str, frozenset[Capability]] = {
    IRA: frozenset((Capability.BORROW, Capability.SHORT, Capability.CRYPTO)),
    CUSTODIAL: frozenset((Capability.BORROW, Capability.SHORT, Capability.OPTIONS, Capability.CRYPTO)),
}
"""What a kind of account never may (Broker API, "IRA Accounts Overview" and "Custodial Accounts")."""
IRA_OPTIONS_LEVEL = 2
"""The highest level of options in an IRA: what needs borrowed money is above it."""

BY_STATUS: dict[str, type[AccountRefused]] = {
    AccountStatus.ACTION_REQUIRED: ActionRequired,
    AccountStatus.REJECTED: NotApproved,
    AccountStatus.SUBMISSION_FAILED: SubmissionDelayed,
    AccountStatus.LIMITED: Limited,
    AccountStatus.DISABLED: Disabled,
    AccountStatus.DISABLE_PENDING: Disabled,
    AccountStatus.ACCOUNT_CLOSED: Closed,
}
"""Why an account of this status may do nothing; of all others but the open ones: it is in review."""


def check(account: BrokerageAccount, capability: Capability) -> None:
    """Raises the `AccountRefused` of the first fact that keeps the account from doing this now."""
    _check_status(account, capability)
    if account.closing_since:
        raise BeingClosed
    if account.account_blocked and capability not in ABOUT_THE_OWNER:
        raise AccountBlocked
    if capability in TRADING and account.trading_blocked:
        raise TradingBlocked
    if capability in TRADING and account.trade_suspended_by_user:
        raise TradingSuspended
    if capability in MOVING_MONEY and account.transfers_blocked:
        raise TransfersBlocked
    if capability in NEVER.get(account.account_type, ()):
        raise NotInThisKind(account, capability)
    if capability in settings.NOT_OFFERED:
        raise NotOffered(capability)
    if capability == Capability.WITHDRAW:
        _check_hold(account)


def _check_hold(account: BrokerageAccount) -> None:
    if account._state.adding:
        return  # nobody's yet
    hold = WithdrawalHold.objects.current(account.user_id, timezone.now())
    if hold is not None:
        raise AccountSecured(hold) if hold.until is None else WithdrawalsHeld(hold)


def _check_status(account: BrokerageAccount, capability: Capability) -> None:
    if not following.is_known_word(account):
        raise StatusNotKnown
    if account.status == AccountStatus.ACCOUNT_UPDATED:
        # Outgoing transfers are restricted until the change is approved (Broker API, "Account Statuses").
        if capability == Capability.WITHDRAW:
            raise ChangeInReview
    elif account.status != AccountStatus.ACTIVE and not _is_waited_for(account, capability):
        raise BY_STATUS.get(account.status, InReview)


def _is_waited_for(account: BrokerageAccount, capability: Capability) -> bool:
    """Whether the broker, which has not decided yet, may be waiting for just this."""
    decided = (AccountStatus.REJECTED, *ENDED_ACCOUNT)
    return capability == Capability.SIGN_TAX_FORM and account.status not in decided


def highest_options_level(account: BrokerageAccount) -> int:
    """The highest level of options that this kind of account can have, of 0 to 3."""
    if Capability.OPTIONS in NEVER.get(account.account_type, ()):
        return 0
    return IRA_OPTIONS_LEVEL if account.is_ira else 3


def can(account: BrokerageAccount, capability: Capability) -> bool:
    """Whether the account may do this now."""
    return refusal(account, capability) is None


def refusal(account: BrokerageAccount, capability: Capability) -> AccountRefused | None:
    """The fact that keeps the account from doing this now; None if it may."""
    try:
        check(account, capability)
    except AccountRefused as refused:
        return refused
    return None
