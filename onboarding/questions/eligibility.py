"""The first page: whether we can open an account for somebody at all."""

from django.utils import timezone

from onboarding import rules
from onboarding.questions import fields, reading
from onboarding.questions.conditions import When
from onboarding.questions.descriptions import Page, Question

ABOUT_YOU = "About you"
NO_CITIZEN = When("country_of_citizenship", not_values=("", "USA"), words="if you are not a US citizen")
ON_A_VISA = When("permanent_resident", (False,), words="if you are not a permanent resident") & NO_CITIZEN

ELIGIBILITY = Page(
    "eligibility",
    ABOUT_YOU,
    "Can you open an account here?",
    why="We ask this first, so that nobody fills in every page to learn that we cannot open the account.",
    questions=(
        Question(
            "country_of_residence",
            "Where do you live?",
            ask=fields.country("country"),
            short="Lives in",
            missing="Choose the country where you live.",
            rule=rules.check_residence,
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
            sent="identity.country_of_citizenship",
            read=reading.country,
        ),
        Question(
            "permanent_resident",
            "Are you a permanent resident of the United States?",
            ask=fields.yes_no,
            short="Permanent resident of the US",
            help="A permanent resident has a Green Card. Without one we ask for your visa.",
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
            when=ON_A_VISA,
            rule=rules.check_tax_residence,
            sent="identity.country_of_tax_residence",
            read=reading.country,
        ),
    ),
)
