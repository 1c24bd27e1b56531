"""The page about aims and experience, which only options need: all of it may be left out."""

from onboarding.questions import fields, reading
from onboarding.questions.descriptions import Page, Question
from onboarding.questions.finances import NO_ANSWER
from onboarding.questions.work import WORK_AND_MONEY

OBJECTIVES = (
    ("growth", "To grow over time"),
    ("generate_income", "To bring me an income"),
    ("preserve_wealth", "To keep what I have"),
    ("balance_preserve_wealth_with_growth", "To keep what I have, with some growth"),
    ("market_speculation", "To gain from quick changes of prices"),
)
HORIZONS = (
    ("less_than_1_year", "Less than a year"),
    ("1_to_2_years", "1 to 2 years"),
    ("3_to_5_years", "3 to 5 years"),
    ("6_to_10_years", "6 to 10 years"),
    ("more_than_10_years", "More than 10 years"),
)
LIQUIDITY = (
    ("very_important", "Very important"),
    ("important", "Important"),
    ("somewhat_important", "Somewhat important"),
    ("does_not_matter", "Not important"),
)
RISKS = (
    ("conservative", "Little: I would rather gain less than lose"),
    ("moderate", "Some: I can wait when prices fall"),
    ("significant_risk", "Much: I can bear to lose most of it"),
)
EXPERIENCE = (
    ("none", "None"),
    ("1_to_5_years", "1 to 5 years"),
    ("over_5_years", "More than 5 years"),
)

INVESTING = Page(
    "investing",
    WORK_AND_MONEY,
    "Your investing",
    why="You may leave out any of this. The broker needs it only of people who want to trade options. "
    "Nothing here is advice.",
    questions=(
        Question(
            "investment_objective",
            "What should your money do?",
            ask=fields.choose(OBJECTIVES, NO_ANSWER),
            short="Aim",
            help="It tells which kinds of trades fit.",
            required=False,
            sent="investment_objective",
            read=reading.among(OBJECTIVES),
        ),
        Question(
            "investment_time_horizon",
            "For how long will you invest it?",
            ask=fields.choose(HORIZONS, NO_ANSWER),
            short="For how long",
            help="Who needs the money soon has less time to wait out a fall.",
            required=False,
            sent="investment_time_horizon",
            read=reading.among(HORIZONS),
        ),
        Question(
            "liquidity_needs",
            "How important is it that you can get at the money quickly?",
            ask=fields.choose(LIQUIDITY, NO_ANSWER),
            short="Getting at it quickly",
            help="Some investments take time to sell, or are sold at a loss in a hurry.",
            required=False,
            sent="liquidity_needs",
            read=reading.among(LIQUIDITY),
        ),
        Question(
            "risk_tolerance",
            "How much risk do you want to take?",
            ask=fields.choose(RISKS, NO_ANSWER),
            short="Risk",
            help="Options can lose all that was paid for them, and more.",
            required=False,
            sent="risk_tolerance",
            read=reading.among(RISKS),
        ),
        Question(
            "investment_experience_with_stocks",
            "How long have you traded shares?",
            ask=fields.choose(EXPERIENCE, NO_ANSWER),
            short="Experience with shares",
            help="It tells how well you know what can happen.",
            required=False,
            sent="identity.investment_experience_with_stocks",
            read=reading.among(EXPERIENCE),
        ),
        Question(
            "investment_experience_with_options",
            "How long have you traded options?",
            ask=fields.choose(EXPERIENCE, NO_ANSWER),
            short="Experience with options",
            help="The broker allows more kinds of options to people who know them.",
            required=False,
            sent="identity.investment_experience_with_options",
            read=reading.among(EXPERIENCE),
        ),
    ),
)
