"""The pages of an IRA: which kind, and who gets it when its owner dies."""

from datetime import date
from typing import Any

from django.conf import settings
from django.utils import timezone

from brokerapp.accounts import retirement
from brokerapp.accounts.models import SUB_TYPES
from brokerapp.units.market_time import day_in_new_york
from brokerapp.units.money import usd
from onboarding import rules
from onboarding.kinds import is_ira
from onboarding.models import KycApplication
from onboarding.questions import fields, reading
from onboarding.questions.conditions import Answers, When
from onboarding.questions.descriptions import Page, Question

YOUR_IRA = "Your IRA"
TYPES = (
    ("traditional", "Traditional: you pay the tax later, when you take money out"),
    ("roth", "Roth: you pay the tax now, and none later on what you take out"),
)
MOST_BENEFICIARIES = 6
"""Broker API, "Create an account": `beneficiaries`."""
HOW_MANY = (
    ("0", "Nobody for now"),
    ("1", "One person"),
    *((str(number), f"{number} people") for number in range(2, MOST_BENEFICIARIES + 1)),
)
RELATIONSHIPS = (
    ("spouse", "Husband or wife"),
    ("child", "Child"),
    ("parent", "Parent"),
    ("sibling", "Brother or sister"),
    ("grandchild", "Grandchild"),
    ("friend", "Friend"),
    ("other", "Somebody else"),
)
PRIMARY, CONTINGENT = "primary", "contingent"
RANKS = (
    (PRIMARY, "First: gets a share when you die"),
    (CONTINGENT, "In reserve: gets a share if nobody of the first is alive"),
)
COMMUNITY_PROPERTY = ("AZ", "CA", "ID", "LA", "NV", "NM", "TX", "WA", "WI")
"""States in which half of what a married person saves is their spouse's (IRS Publication 555)."""


TRADITIONAL = (
    "What you put in may lower the income that you pay tax on this year. What you take out later is taxed as "
    f"income. From the age of {retirement.REQUIRED_FROM_AGE} on you have to take some out each year."
)
ROTH = (
    "What you put in was taxed before. What you take out once you are 59½ is free of tax, gains too, if you "
    "have had a Roth IRA for five years. Who earns a lot may not put in: the IRS sets the limit."
)
EARLY = (
    f"Before you are 59½ you usually pay income tax and {retirement.EARLY_PENALTY_PERCENT}% more as a "
    "penalty. What you yourself put into a Roth can be taken out without either."
)


def what_to_know(today: date | None = None) -> list[tuple[str, str]]:
    """Headings and texts about both kinds, with the amounts of the year (New York) or the last ones known."""
    today = today or day_in_new_york(timezone.now())
    year = retirement.year_of_limit(settings.IRA_LIMITS, today.year) or today.year
    limits, older = settings.IRA_LIMITS, retirement.CATCH_UP_AGE
    under = retirement.yearly_limit(limits, year, date(year, 1, 1))
    over = retirement.yearly_limit(limits, year, date(year - older, 1, 1))
    not_announced = "" if year == today.year else f" The amount for {today.year} is not entered here yet."
    how_much = (
        f"Up to {usd(under)} for {year}, or {usd(over)} if you are {older} or older at the end of it: into "
        "all your IRAs together, here and elsewhere, and never more than you earn from work. Money for a "
        "year can be put in until the tax day of the next, in April." + not_announced
    )
    return [
        ("Traditional", TRADITIONAL),
        ("Roth", ROTH),
        ("How much you may put in", how_much),
        ("What taking it out early costs", EARLY),
    ]


RETIREMENT = Page(
    "retirement",
    YOUR_IRA,
    "Which kind of IRA?",
    why="Both are for retirement; what differs is when you pay the tax. This is not tax advice.",
    when=is_ira,
    facts=what_to_know,
    questions=(
        Question(
            "account_sub_type",
            "Which kind do you want?",
            ask=fields.one_of(TYPES),
            short="Kind of IRA",
            missing="Choose traditional or Roth.",
            sent="account_sub_type",
            read=reading.among(tuple(SUB_TYPES.items())),
        ),
    ),
)

SOMEBODY = When("number_of_beneficiaries", not_values=("", "0"), words="if you name somebody")

NO_SPOUSE = "Answer this with a tick. Without it you can name nobody for now."


def _check_ticked(agreed: bool) -> None:
    # A tick that is not set is an answer, and none that we take where it is asked.
    if not agreed:
        raise rules.AnswerRefused(NO_SPOUSE)


BENEFICIARIES = Page(
    "beneficiaries",
    YOUR_IRA,
    "Who gets the money when you die?",
    why="They get your IRA directly, whatever your will says. You can name nobody for now; then it goes to "
    "your estate.",
    when=is_ira,
    questions=(
        Question(
            "number_of_beneficiaries",
            "How many people do you want to name?",
            ask=fields.choose(HOW_MANY, "Choose how many"),
            short="People named",
            help="On the next page we ask for their names, dates of birth and shares.",
            missing="Choose how many people you want to name.",
            read=reading.among(HOW_MANY),
        ),
        Question(
            "spouse_agrees",
            "I am not married, or my spouse is the only one of the first, or my spouse agrees in writing",
            ask=fields.tick,
            short="Spouse",
            help="In your state half of what a married person saves belongs to their spouse. Keep the paper: "
            "the broker may ask for it.",
            missing=NO_SPOUSE,
            rule=_check_ticked,
            when=When("state", COMMUNITY_PROPERTY) & SOMEBODY,
            read=lambda agreed: "Not married, or agrees" if agreed else "",
        ),
    ),
)


def _names_somebody(answers: Answers) -> bool:
    return is_ira(answers) and SOMEBODY(answers)


def _all_are_there(answers: Answers) -> bool:
    named, numbers = answers("beneficiaries") or [], answers("beneficiary_tax_ids") or []
    return str(len(named)) == str(len(numbers)) == str(answers("number_of_beneficiaries"))


def _beneficiaries(a: KycApplication) -> list[tuple[str, str]]:
    return [_one(entry) for entry in a.answer("beneficiaries") or []]


def _one(entry: dict[str, Any]) -> tuple[str, str]:
    name = reading.joined(entry["given_name"], entry.get("middle_name"), entry["family_name"], by=" ")
    rank = "first" if entry["type"] == PRIMARY else "in reserve"
    relationship = reading.among(RELATIONSHIPS)(entry["relationship"])
    born = reading.day(entry["date_of_birth"])
    last4 = entry.get("tax_id_last4")
    number = f". SSN or ITIN ends in {last4}" if last4 else ""
    return name, f"{entry['share_pct']}%, {rank}. {relationship}, born {born}{number}"


BENEFICIARY_DETAILS = Page(
    "beneficiary-details",
    YOUR_IRA,
    "The people you name",
    why="The shares of the first have to make 100% together, and so have those of the ones in reserve. The "
    "broker needs a Social Security number or ITIN of everybody. Name only those whose number you have.",
    when=_names_somebody,
    still_holds=_all_are_there,
    questions=(
        Question("beneficiaries", "The people you name", sent="beneficiaries"),
        # Kept apart, as they are forgotten sooner; sent with the people (`payloads`).
        Question("beneficiary_tax_ids", "Their Social Security numbers", identifies=True),
    ),
    read=_beneficiaries,
)
