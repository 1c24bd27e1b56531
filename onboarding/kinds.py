"""The kinds of account that people apply for: what each is for, and the broker's word for it. Pure.

Broker API, "Create an account": `account_type`. It has no second owner, so there is no joint account.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db.models import TextChoices


class AccountKind(TextChoices):
    """A kind of account."""

    INDIVIDUAL = "individual", "Individual account"
    IRA = "ira", "Retirement account (IRA)"
    CUSTODIAL = "custodial", "Account for a child"


@dataclass(frozen=True)
class KindText:
    """What a person reads before they choose: what it is for, and what it costs them in freedom."""

    kind: AccountKind
    purpose: str
    points: tuple[str, ...]


TEXTS = (
    KindText(
        AccountKind.INDIVIDUAL,
        "For money that you may need at any time. You pay tax each year on what you gain.",
        ("In your own name alone.", "Put money in and take it out whenever you want."),
    ),
    KindText(
        AccountKind.IRA,
        "For money that you will not need before you are 59½. You save tax now or later.",
        (
            "Traditional or Roth: we explain both.",
            "The law limits how much you may put in each year.",
            "Taking money out early usually costs tax and 10% more.",
            "No borrowing, no selling short, no crypto.",
        ),
    ),
    KindText(
        AccountKind.CUSTODIAL,
        "For money that you give to a child under 18. You look after it until the child is of age.",
        (
            "What you put in belongs to the child. You cannot take it back.",
            "The child pays the tax on it, and gets the account when of age.",
            "No borrowing, no selling short, no options, no crypto.",
        ),
    ),
)
ACCOUNT_TYPES = {
    AccountKind.INDIVIDUAL: "trading",
    AccountKind.IRA: "ira",
    AccountKind.CUSTODIAL: "custodial",
}
"""The broker's words."""
WITH_KNOWN_OWNER = frozenset((AccountKind.INDIVIDUAL, AccountKind.IRA))
"""Kinds of which one more is opened by naming an account of the same owner (`primary_account_holder_id`)."""

ONLY_TAXED_HERE = "It is only for people who live and pay tax in the United States."
"""Why somebody else gets no IRA and no account for a child: both are made by US tax law."""

Answers = Callable[[str], Any]


def lives_and_pays_tax_here(answers: Answers) -> bool:
    """Whether somebody lives and pays tax in the United States, as far as they have answered."""
    told = (answers("country_of_residence"), answers("country_of_tax_residence"))
    return all(country in (None, "", "USA") for country in told)


def suits_the_kind(answers: Answers) -> bool:
    """Whether the kind of account that is applied for is one for who lives and pays tax where they do."""
    is_for_all = not (is_ira(answers) or is_custodial(answers))
    return is_for_all or lives_and_pays_tax_here(answers)


def is_ira(answers: Answers) -> bool:
    """Whether these are the answers of an application for an IRA."""
    return answers("account_kind") == AccountKind.IRA


def is_custodial(answers: Answers) -> bool:
    """Whether these are the answers of an application for an account for a child."""
    return answers("account_kind") == AccountKind.CUSTODIAL


def is_owner_known(answers: Answers) -> bool:
    """Whether the broker knows the owner from another account, so that it is not told of them again."""
    return bool(answers("holder_id"))
