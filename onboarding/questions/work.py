"""The page about work, and where the money comes from."""

from brokerapp.broker.alpaca import limits
from onboarding.questions import fields, reading
from onboarding.questions.conditions import When
from onboarding.questions.descriptions import Page, Question, Row

WORK_AND_MONEY = "Work and money"
EMPLOYMENT = (
    ("EMPLOYED", "Employed"),
    ("UNEMPLOYED", "Not employed"),
    ("STUDENT", "Student"),
    ("RETIRED", "Retired"),
)
FUNDING_SOURCES = (
    ("employment_income", "Income from work"),
    ("investments", "Investments"),
    ("inheritance", "Inheritance"),
    ("business_income", "Income from a business"),
    ("savings", "Savings"),
    ("family", "Family"),
)
SECTORS = (
    ("agriculture", "Agriculture"),
    ("business_management", "Business management"),
    ("computers_and_it", "Computers and IT"),
    ("construction", "Construction"),
    ("education", "Education"),
    ("finance", "Finance"),
    ("government", "Government"),
    ("healthcare", "Health care"),
    ("hospitality", "Hotels and restaurants"),
    ("manufacturing", "Manufacturing"),
    ("marketing", "Marketing"),
    ("media", "Media"),
    ("science", "Science"),
    ("self_employed", "Self-employed"),
    ("transportation", "Transport"),
    ("other", "Another one"),
)
IF_EMPLOYED = When("employment_status", ("EMPLOYED",), words="if you are employed")

WORK = Page(
    "work",
    WORK_AND_MONEY,
    "Your work and where your money comes from",
    questions=(
        Question(
            "employment_status",
            "What do you do?",
            ask=fields.one_of(EMPLOYMENT),
            short="Employment",
            missing="Choose what you do.",
            sent="disclosures.employment_status",
            send=str.lower,
            read=reading.among(EMPLOYMENT),
        ),
        Question(
            "employer_name",
            "Employer",
            ask=fields.line("organization", names=False, max_length=limits.EMPLOYER),
            missing="Enter your employer's name.",
            when=IF_EMPLOYED,
            sent="disclosures.employer_name",
            identifies=True,
        ),
        Question(
            "employer_address",
            "Employer's address",
            ask=fields.line(names=False, max_length=limits.EMPLOYER_ADDRESS),
            missing="Enter your employer's address.",
            when=IF_EMPLOYED,
            sent="disclosures.employer_address",
            identifies=True,
        ),
        Question(
            "employment_position",
            "Your job title",
            ask=fields.line("organization-title", names=False, max_length=limits.POSITION),
            short="Job title",
            missing="Enter your job title.",
            when=IF_EMPLOYED,
            sent="disclosures.employment_position",
        ),
        Question(
            "employment_sector",
            "Which field do you work in?",
            ask=fields.choose(SECTORS, "No answer"),
            short="Field of work",
            help="You may leave this out. The broker looks more closely at some fields, such as finance.",
            required=False,
            when=IF_EMPLOYED,
            sent="disclosures.employment_sector",
            read=reading.among(SECTORS),
        ),
        Question(
            "funding_source",
            "Where will the money you invest come from?",
            ask=fields.some_of(FUNDING_SOURCES),
            short="Money comes from",
            help="Choose all that apply.",
            missing="Choose at least one source.",
            sent="identity.funding_source",
            read=reading.among(FUNDING_SOURCES),
        ),
    ),
    rows=(
        Row(
            "Employer",
            ("employer_name", "employer_address"),
            lambda a: reading.joined(a.employer_name, a.employer_address),
        ),
    ),
)
