"""What an account may do now. `check_x` raises with words for the person. Pure."""

from brokerapp.accounts.models import BrokerageAccount
from brokerapp.accounts.statuses import AccountStatus


class AccountNotActive(Exception):
    """The account may not fund or trade now; the message says which status blocks and what to do."""


NOT_ACTIVE_REASONS = {
    AccountStatus.ACTION_REQUIRED: "Your application needs something from you before you can use this.",
    AccountStatus.REJECTED: "Your application was not approved, so this account cannot be used.",
    AccountStatus.SUBMISSION_FAILED: "Your application is delayed on our side. You need not do anything.",
    AccountStatus.ACCOUNT_UPDATED: "A change to your details is in review. It opens again once approved.",
    AccountStatus.DISABLED: "Your account is disabled. Contact support to find out why.",
    AccountStatus.DISABLE_PENDING: "Your account is being disabled. Contact support to find out why.",
    AccountStatus.ACCOUNT_CLOSED: "Your account is closed.",
}


def check_account_active(account: BrokerageAccount) -> None:
    """Raises `AccountNotActive` unless Alpaca's status is ACTIVE (the only one that may fund and trade)."""
    if not account.is_active:
        raise AccountNotActive(
            NOT_ACTIVE_REASONS.get(AccountStatus(account.status), "Your application is still in review.")
        )


def can_use_account(account: BrokerageAccount) -> bool:
    """Whether the account may fund and trade."""
    return account.is_active
