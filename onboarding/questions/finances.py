"""The page about income and worth, which only options need: all of it may be left out."""

from collections.abc import Mapping
from typing import Any

from onboarding.questions import fields, reading
from onboarding.questions.descriptions import Page, Question
from onboarding.questions.work import WORK_AND_MONEY

NO_ANSWER = "No answer"
RANGES = (
    ("0-25000", "Up to $25,000"),
    ("25000-50000", "$25,000 to $50,000"),
    ("50000-100000", "$50,000 to $100,000"),
    ("100000-200000", "$100,000 to $200,000"),
    ("200000-500000", "$200,000 to $500,000"),
    ("500000-1000000", "$500,000 to $1 million"),
    ("1000000-5000000", "$1 million to $5 million"),
    ("5000000-", "More than $5 million"),
)
"""Of dollars: the least, and the most if there is one."""
MARITAL = (
    ("SINGLE", "Single"),
    ("MARRIED", "Married"),
    ("DIVORCED", "Divorced"),
    ("WIDOWED", "Widowed"),
)
DEPENDENTS = (("0", "None"), *((str(number), str(number)) for number in range(1, 10)), ("10", "10 or more"))


def least_and_most(dollars: str) -> tuple[str, str]:
    """The two ends of a range, the second empty if it is open."""
    least, _, most = dollars.partition("-")
    return least, most


def _worth_agrees(cleaned: Mapping[str, Any]) -> dict[str, str]:
    liquid, total = (cleaned.get(name) or "" for name in ("liquid_net_worth", "total_net_worth"))
    if not liquid or not total:
        return {}
    least, most = least_and_most(liquid)[0], least_and_most(total)[1]
    if most and int(least) >= int(most):
        return {"total_net_worth": "This is less than what you have in cash and could sell. Check both."}
    return {}


FINANCES = Page(
    "finances",
    WORK_AND_MONEY,
    "Your finances",
    why="You may leave out any of this. The broker needs it only of people who want to trade options.",
    check=_worth_agrees,
    questions=(
        Question(
            "annual_income",
            "What do you earn in a year, before tax?",
            ask=fields.choose(RANGES, NO_ANSWER),
            short="Income in a year",
            help="It tells what risk fits your income. Add up wages, pensions, rent and interest.",
            required=False,
            sent=("identity.annual_income_min", "identity.annual_income_max"),
            send=least_and_most,
            read=reading.among(RANGES),
        ),
        Question(
            "liquid_net_worth",
            "How much do you have in cash, and in what you could sell within days?",
            ask=fields.choose(RANGES, NO_ANSWER),
            short="Cash and what can be sold",
            help="It tells what loss you could bear. Bank accounts, shares and funds, less what you owe on "
            "cards.",
            required=False,
            sent=("identity.liquid_net_worth_min", "identity.liquid_net_worth_max"),
            send=least_and_most,
            read=reading.among(RANGES),
        ),
        Question(
            "total_net_worth",
            "What is everything that you own worth, less what you owe?",
            ask=fields.choose(RANGES, NO_ANSWER),
            short="Worth in all",
            help="It tells how much of what you have you would put at risk. Without the home you live in.",
            required=False,
            sent=("identity.total_net_worth_min", "identity.total_net_worth_max"),
            send=least_and_most,
            read=reading.among(RANGES),
        ),
        Question(
            "marital_status",
            "Are you married?",
            ask=fields.choose(MARITAL, NO_ANSWER),
            short="Marital status",
            help="It tells who else depends on your money.",
            required=False,
            sent="identity.marital_status",
            read=reading.among(MARITAL),
        ),
        Question(
            "number_of_dependents",
            "How many people do you support with your money?",
            ask=fields.choose(DEPENDENTS, NO_ANSWER),
            short="Dependents",
            help="Children, parents and others whom you pay for. It tells how much you need to keep back.",
            required=False,
            sent="identity.number_of_dependents",
            send=int,
            read=reading.among(DEPENDENTS),
        ),
    ),
)
