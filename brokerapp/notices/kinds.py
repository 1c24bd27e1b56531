"""What people are told, what each is called, and which of it they can have without a mail."""

from dataclasses import dataclass

from django.db.models import TextChoices


class Category(TextChoices):
    """How a person sorts what they are told; the values are in addresses."""

    ACCOUNT = "account", "Your account"
    MONEY = "money", "Money"
    ORDERS = "orders", "Orders"
    DOCUMENTS = "documents", "Documents"
    SECURITY = "security", "Security"
    HELP = "help", "Help"


ALWAYS_MAILED = frozenset({Category.ACCOUNT, Category.DOCUMENTS, Category.SECURITY})
"""What the law or the safety of an account asks for: mailed whatever a person prefers."""


class NoticeKind(TextChoices):
    """What a person is told; the words are in `WORDS` and `templates/notices/`."""

    APPLICATION_RECEIVED = "APPLICATION_RECEIVED", "application received"
    APPLICATION_NEEDS_CHANGES = "APPLICATION_NEEDS_CHANGES", "application needs changes"
    APPLICATION_ACTION = "APPLICATION_ACTION", "application needs something"
    APPLICATION_REJECTED = "APPLICATION_REJECTED", "application rejected"
    APPLICATION_ASKED = "APPLICATION_ASKED", "staff ask an applicant"
    APPLICATION_DECLINED = "APPLICATION_DECLINED", "application turned down by staff"
    ANSWER_REFUSED = "ANSWER_REFUSED", "answer to the broker refused"
    DOCUMENT_REFUSED = "DOCUMENT_REFUSED", "uploaded document refused"
    ACCOUNT_OPEN = "ACCOUNT_OPEN", "account open"
    ACCOUNT_ACTION = "ACCOUNT_ACTION", "account needs something"
    ACCOUNT_IN_REVIEW = "ACCOUNT_IN_REVIEW", "account in review again"
    ACCOUNT_ENDED = "ACCOUNT_ENDED", "account not in use any more"
    ACCOUNT_CLOSED = "ACCOUNT_CLOSED", "account closed"
    CLOSING_REFUSED = "CLOSING_REFUSED", "account not closed"
    CLOSING_STARTED = "CLOSING_STARTED", "closing of an account asked for"
    PROFILE_CHANGED = "PROFILE_CHANGED", "profile changed"
    PROFILE_NOT_CHANGED = "PROFILE_NOT_CHANGED", "profile not changed"
    TAX_FORM_DUE = "TAX_FORM_DUE", "tax form to be signed again"
    TAX_FORM_REFUSED = "TAX_FORM_REFUSED", "tax form refused"
    PAPER_DUE = "PAPER_DUE", "paper asked for again"

    BANK_LINKED = "BANK_LINKED", "bank linked"
    BANK_STILL_LINKED = "BANK_STILL_LINKED", "bank could not be unlinked"
    BANK_REMOVED = "BANK_REMOVED", "bank removed"
    BANK_REFUSED = "BANK_REFUSED", "bank refused"

    DEPOSIT_STARTED = "DEPOSIT_STARTED", "deposit started"
    DEPOSIT_DONE = "DEPOSIT_DONE", "deposit done"
    DEPOSIT_FAILED = "DEPOSIT_FAILED", "deposit not made"
    DEPOSIT_RETURNED = "DEPOSIT_RETURNED", "deposit returned"
    WITHDRAWAL_STARTED = "WITHDRAWAL_STARTED", "withdrawal started"
    WITHDRAWAL_DONE = "WITHDRAWAL_DONE", "withdrawal done"
    WITHDRAWAL_FAILED = "WITHDRAWAL_FAILED", "withdrawal not made"
    WITHDRAWAL_RETURNED = "WITHDRAWAL_RETURNED", "withdrawal returned"
    TRANSFER_TAKEN_BACK = "TRANSFER_TAKEN_BACK", "transfer taken back"
    CREDIT_DONE = "CREDIT_DONE", "credit booked"
    CREDIT_CORRECTED = "CREDIT_CORRECTED", "credit corrected"

    ORDER_FILLED = "ORDER_FILLED", "order filled"
    ORDER_PART_FILLED = "ORDER_PART_FILLED", "order part filled at close"
    ORDER_REJECTED = "ORDER_REJECTED", "order rejected"
    ORDER_NOT_PLACED = "ORDER_NOT_PLACED", "order not placed"
    ORDER_CHANGE_REFUSED = "ORDER_CHANGE_REFUSED", "change of an order refused"
    ORDER_EXPIRED = "ORDER_EXPIRED", "order expired"
    ORDER_CANCELED = "ORDER_CANCELED", "order canceled"
    ORDER_REVISED = "ORDER_REVISED", "order revised"

    NEW_DOCUMENT = "NEW_DOCUMENT", "new document"

    WITHDRAWALS_HELD = "WITHDRAWALS_HELD", "withdrawals on hold"
    WITHDRAWALS_OPENED = "WITHDRAWALS_OPENED", "withdrawals opened by staff"
    SECURED = "SECURED", "account secured"
    NEW_DEVICE = "NEW_DEVICE", "sign-in with a new device"
    PASSWORD_CHANGED = "PASSWORD_CHANGED", "password changed"
    EMAIL_CHANGED = "EMAIL_CHANGED", "e-mail address changed"
    SECOND_STEP_CHANGED = "SECOND_STEP_CHANGED", "second step changed"
    SIGN_IN_TRIED = "SIGN_IN_TRIED", "confirming failed"

    CASE_RECEIVED = "CASE_RECEIVED", "question received"
    CASE_ANSWERED = "CASE_ANSWERED", "question answered"


@dataclass(frozen=True)
class Words:
    """A notice's subject, its category, and the page that shows the rest, with what its link is called.

    `page` is "" for what says all there is; `mailed_apart` is set for what a mail of its own tells of.
    """

    subject: str
    category: Category
    page: str = ""
    link: str = ""
    mailed_apart: bool = False


_C, _K = Category, NoticeKind
_STATUS = ("account_status", "See your account")
_CLOSING = ("closing:close", "See how far it is")
_PROFILE = ("profile", "See your profile")
_TRANSFER = ("funding:transfer", "See the transfer")
_BANK = ("funding:bank", "See your bank")
_ORDER = ("trading:order", "See the order")
_SIGN_IN = ("account_security", "See your sign-in")
_CASE = ("case", "Read it")

WORDS: dict[NoticeKind, Words] = {
    _K.APPLICATION_RECEIVED: Words(
        "We have sent in your application", _C.ACCOUNT, "application_status", "See your application"
    ),
    _K.APPLICATION_NEEDS_CHANGES: Words(
        "Your application needs a change", _C.ACCOUNT, "application_status", "See what to change"
    ),
    _K.APPLICATION_ACTION: Words("Your application needs something from you", _C.ACCOUNT, *_STATUS),
    _K.APPLICATION_REJECTED: Words("Your application was not approved", _C.ACCOUNT, *_STATUS),
    _K.APPLICATION_ASKED: Words(
        "Your application needs something from you",
        _C.ACCOUNT,
        "application_status",
        "See what is asked",
        mailed_apart=True,
    ),
    _K.APPLICATION_DECLINED: Words(
        "Your application was not approved",
        _C.ACCOUNT,
        "application_status",
        "See your application",
        mailed_apart=True,
    ),
    _K.ANSWER_REFUSED: Words(
        "An answer of yours was not taken", _C.ACCOUNT, "application_status", "See what is asked"
    ),
    _K.DOCUMENT_REFUSED: Words(
        "A document of yours was not taken", _C.ACCOUNT, "application_status", "Send another one"
    ),
    _K.ACCOUNT_OPEN: Words("Your account is open", _C.ACCOUNT, *_STATUS),
    _K.ACCOUNT_ACTION: Words("Your account needs something from you", _C.ACCOUNT, *_STATUS),
    _K.ACCOUNT_IN_REVIEW: Words("Your account is being reviewed again", _C.ACCOUNT, *_STATUS),
    _K.ACCOUNT_ENDED: Words("Your account can no longer be used", _C.ACCOUNT, *_STATUS),
    _K.ACCOUNT_CLOSED: Words("Your account is closed", _C.ACCOUNT, *_STATUS),
    # Who else is in an account would close it, or change where letters go.
    _K.CLOSING_STARTED: Words("You asked to have an account closed", _C.SECURITY, *_CLOSING),
    _K.CLOSING_REFUSED: Words("Your account could not be closed", _C.ACCOUNT, *_CLOSING),
    _K.PROFILE_CHANGED: Words("Your profile was changed", _C.SECURITY, *_PROFILE),
    _K.PROFILE_NOT_CHANGED: Words("Your profile could not be changed", _C.ACCOUNT, *_PROFILE),
    _K.TAX_FORM_DUE: Words("Form W-8BEN is to be signed again", _C.ACCOUNT, *_PROFILE),
    _K.TAX_FORM_REFUSED: Words("Your form W-8BEN was not taken", _C.ACCOUNT, *_PROFILE),
    _K.PAPER_DUE: Words("We need a newer paper of you", _C.ACCOUNT, *_PROFILE),
    _K.BANK_LINKED: Words("A bank was linked to your account", _C.SECURITY, *_BANK),
    _K.BANK_STILL_LINKED: Words("Your bank is still linked", _C.SECURITY, *_BANK),
    _K.BANK_REMOVED: Words("A bank was removed from your account", _C.SECURITY, *_BANK),
    _K.BANK_REFUSED: Words("Your bank could not be linked", _C.MONEY, *_BANK),
    _K.DEPOSIT_STARTED: Words("Your deposit is on its way", _C.MONEY, *_TRANSFER),
    _K.DEPOSIT_DONE: Words("Your deposit has arrived", _C.MONEY, *_TRANSFER),
    _K.DEPOSIT_FAILED: Words("Your deposit was not made", _C.MONEY, *_TRANSFER),
    _K.DEPOSIT_RETURNED: Words("Your bank took a deposit back", _C.ACCOUNT, *_TRANSFER),
    # Money that leaves is what somebody else in an account is after.
    _K.WITHDRAWAL_STARTED: Words("A withdrawal is on its way", _C.SECURITY, *_TRANSFER),
    _K.WITHDRAWAL_DONE: Words("Your withdrawal was paid out", _C.MONEY, *_TRANSFER),
    _K.WITHDRAWAL_FAILED: Words("Your withdrawal was not made", _C.MONEY, *_TRANSFER),
    _K.WITHDRAWAL_RETURNED: Words("Your bank sent a withdrawal back", _C.ACCOUNT, *_TRANSFER),
    _K.TRANSFER_TAKEN_BACK: Words("The broker took a transfer back", _C.ACCOUNT, *_TRANSFER),
    _K.CREDIT_DONE: Words("You have a credit from us", _C.MONEY, *_TRANSFER),
    _K.CREDIT_CORRECTED: Words("A credit from us was taken back", _C.ACCOUNT, *_TRANSFER),
    _K.ORDER_FILLED: Words("Your order was filled", _C.ORDERS, *_ORDER),
    _K.ORDER_PART_FILLED: Words("Your order was filled in part", _C.ORDERS, *_ORDER),
    _K.ORDER_REJECTED: Words("Your order was rejected", _C.ORDERS, *_ORDER),
    _K.ORDER_NOT_PLACED: Words("Your order was not placed", _C.ORDERS, *_ORDER),
    _K.ORDER_CHANGE_REFUSED: Words("Your change of an order was not made", _C.ORDERS, *_ORDER),
    _K.ORDER_EXPIRED: Words("Your order has expired", _C.ORDERS, *_ORDER),
    _K.ORDER_CANCELED: Words("Your order was canceled", _C.ORDERS, *_ORDER),
    _K.ORDER_REVISED: Words("What was filled of your order has changed", _C.ACCOUNT, *_ORDER),
    _K.NEW_DOCUMENT: Words(
        "There is a new document for you", _C.DOCUMENTS, "records:document", "See the document"
    ),
    _K.WITHDRAWALS_HELD: Words("Withdrawals are on hold for a while", _C.SECURITY),
    _K.WITHDRAWALS_OPENED: Words("Withdrawals are open again", _C.SECURITY),
    _K.SECURED: Words("Your account is secured", _C.SECURITY),
    _K.NEW_DEVICE: Words("A sign-in with a new device", _C.SECURITY, *_SIGN_IN, mailed_apart=True),
    _K.PASSWORD_CHANGED: Words("Your password was changed", _C.SECURITY, *_SIGN_IN, mailed_apart=True),
    _K.EMAIL_CHANGED: Words("Your e-mail address was changed", _C.SECURITY, *_SIGN_IN, mailed_apart=True),
    _K.SECOND_STEP_CHANGED: Words(
        "Your second step of signing in has changed", _C.SECURITY, *_SIGN_IN, mailed_apart=True
    ),
    _K.SIGN_IN_TRIED: Words(
        "Somebody could not confirm that they are you", _C.SECURITY, *_SIGN_IN, mailed_apart=True
    ),
    _K.CASE_RECEIVED: Words("We have your question", _C.HELP, *_CASE),
    _K.CASE_ANSWERED: Words("Our support has answered you", _C.HELP, *_CASE),
}


MUST_BE_MAILED = frozenset(kind for kind, words in WORDS.items() if words.category in ALWAYS_MAILED)


def kinds_of(category: Category) -> list[NoticeKind]:
    """What belongs to a category."""
    return [kind for kind, words in WORDS.items() if words.category == category]
