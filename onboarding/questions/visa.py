"""The page about the visa of who lives in the United States without a Green Card."""

from django.utils import timezone

from brokerapp.broker.alpaca import limits
from onboarding import rules
from onboarding.questions import fields, reading
from onboarding.questions.conditions import When
from onboarding.questions.descriptions import Page, Question
from onboarding.questions.eligibility import ON_A_VISA
from onboarding.questions.person import IDENTITY

VISAS = (
    ("B1", "B-1, business visitor"),
    ("B2", "B-2, tourist"),
    ("DACA", "DACA, deferred action for childhood arrivals"),
    ("E1", "E-1, treaty trader"),
    ("E2", "E-2, treaty investor"),
    ("E3", "E-3, specialist from Australia"),
    ("F1", "F-1, student"),
    ("G4", "G-4, employee of an international organization"),
    ("H1B", "H-1B, specialty worker"),
    ("J1", "J-1, exchange visitor"),
    ("L1", "L-1, transferred within a company"),
    ("O1", "O-1, extraordinary ability"),
    ("TN1", "TN, professional from Canada or Mexico"),
    ("OTHER", "Another visa"),
)

VISA = Page(
    "visa",
    IDENTITY,
    "Your visa",
    why="The broker has to know on what ground somebody lives in the United States who is neither a citizen "
    "nor a permanent resident.",
    when=ON_A_VISA,
    questions=(
        Question(
            "visa_type",
            "Which visa do you have?",
            ask=fields.choose(VISAS, "Choose a visa"),
            short="Visa",
            missing="Choose your visa.",
            sent="identity.visa_type",
            read=reading.among(VISAS),
        ),
        Question(
            "visa_type_other_free_text",
            "What is it called?",
            ask=fields.line(names=False, max_length=limits.VISA_NAME, validators=[fields.HAS_LETTERS]),
            short="Name of the visa",
            help="As it stands on the visa, such as K-1.",
            missing="Enter the name of your visa.",
            when=When("visa_type", ("OTHER",), words="if it is another visa"),
            sent="identity.visa_type_other_free_text",
        ),
        Question(
            "visa_expiration_date",
            "Until when may you stay?",
            ask=fields.day(),
            short="Visa ends",
            help="The date on your visa, I-94 or I-797. For example 3 31 2028",
            missing="Enter the date until which you may stay.",
            rule=lambda ends: rules.check_not_past(
                ends, timezone.localdate(), "The day until which you may stay"
            ),
            sent="identity.visa_expiration_date",
            read=reading.day,
        ),
        Question(
            "date_of_departure_from_usa",
            "When will you leave the United States?",
            ask=fields.day(),
            short="Leaves the US",
            help="As planned. The broker asks this of visitors. For example 3 31 2028",
            missing="Enter the date on which you plan to leave.",
            when=When("visa_type", ("B1", "B2"), words="if you are a visitor"),
            rule=lambda leaves: rules.check_not_past(leaves, timezone.localdate(), "The day you leave"),
            sent="identity.date_of_departure_from_usa",
            read=reading.day,
        ),
    ),
)
