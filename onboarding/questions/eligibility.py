"""The first page: whether we can open an account for somebody at all."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from onboarding import rules
from onboarding.kinds import suits_the_kind
from onboarding.questions import fields, reading
from onboarding.questions.conditions import Answers, When
from onboarding.questions.descriptions import Page, Question

ABOUT_YOU = "About you"
NO_CITIZEN = When("country_of_citizenship", not_values=("", "USA"), words="if you are not a US citizen")
IN_THE_US = When("country_of_residence", ("", "USA"), words="if you live in the United States")
ABROAD = When("country_of_residence", not_values=("", "USA"), words="if you live elsewhere")
NO_US_PERSON = When("permanent_resident", (False,), words="if you are not a permanent resident") & NO_CITIZEN
ON_A_VISA = NO_US_PERSON & IN_THE_US
TAXED_ABROAD = NO_US_PERSON & When("country_of_tax_residence", not_values=("", "USA"))
"""Who signs form W-8BEN and has the tax number of another country."""


def is_taxed_in_the_us(answers: Answers) -> bool:
    """Whether somebody has a US tax number, as far as they have answered."""
    return not TAXED_ABROAD(answers)


def _agrees(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """What is wrong between where somebody lives, pays tax and belongs to."""
    wrong = {}
    lives, taxed = cleaned.get("country_of_residence"), cleaned.get("country_of_tax_residence")
    if lives == "USA" and taxed not in (None, "", "USA"):
        wrong["country_of_tax_residence"] = (
            "For people who live in the United States we can open accounts only if they are tax residents "
            "there. If this answer is right, we cannot open one for you yet."
        )
    citizenship = cleaned.get("country_of_citizenship")
    if citizenship and cleaned.get("other_citizenship") == citizenship:
        wrong["other_citizenship"] = "This is the same country. Leave it empty if you have no other."
    return wrong


ELIGIBILITY = Page(
    "eligibility",
    ABOUT_YOU,
    "Can you open an account here?",
    why="We ask this first, so that nobody fills in every page to learn that we cannot open the account.",
    check=_agrees,
    still_holds=suits_the_kind,
    questions=(
        Question(
            "country_of_residence",
            "Where do you live?",
            ask=fields.country("country"),
            short="Lives in",
            missing="Choose the country where you live.",
            rule=rules.check_country_taken,
            sent="contact.country",
            read=reading.country,
        ),
        Question(
            "date_of_birth",
            "Date of birth",
            ask=fields.day("bday"),
            help="For example 3 31 1985",
            missing="Enter your date of birth.",
            rule=lambda born: rules.check_age(born, timezone.localdate()),
            sent="identity.date_of_birth",
            read=reading.day,
            identifies=True,
        ),
        Question(
            "country_of_citizenship",
            "Country of citizenship",
            ask=fields.country(),
            short="Citizenship",
            help="If you have several, and the United States is one of them, choose that.",
            missing="Choose your country of citizenship.",
            rule=rules.check_no_us_territory,
            sent="identity.country_of_citizenship",
            read=reading.country,
        ),
        Question(
            "other_citizenship",
            "Are you a citizen of another country as well?",
            ask=fields.country(nothing="No, of that one only"),
            short="Second citizenship",
            help="Choose it, if you are.",
            required=False,
            rule=rules.check_no_us_citizen,
            read=reading.country,
            of_owner=True,
        ),
        Question(
            "permanent_resident",
            "Are you a permanent resident of the United States?",
            ask=fields.yes_no,
            short="Permanent resident of the US",
            help="A permanent resident has a Green Card, wherever they live.",
            missing="Answer this, as you are not a US citizen.",
            when=NO_CITIZEN,
            sent="identity.permanent_resident",
        ),
        Question(
            "country_of_tax_residence",
            "In which country are you a tax resident?",
            ask=fields.country(),
            short="Tax residence",
            help="Where you pay tax on all you earn. Citizens and permanent residents of the United States "
            "do so there.",
            missing="Choose the country where you are a tax resident.",
            when=NO_US_PERSON,
            rule=rules.check_country_taken,
            sent="identity.country_of_tax_residence",
            read=reading.country,
        ),
    ),
)
