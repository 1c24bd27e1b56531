"""The pages of an account for a child: whose money it is, who the child is, and an address of its own."""

from django.utils import timezone

from brokerapp.accounts.emails import BrokerEmailField
from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import TypedField
from brokerapp.ui.widgets import SSNInput
from onboarding import rules
from onboarding.kinds import is_custodial
from onboarding.models import KycApplication
from onboarding.questions import fields, reading
from onboarding.questions.conditions import Answers
from onboarding.questions.descriptions import Page, Question, Row

THE_CHILD = "The child"


def what_to_know() -> list[tuple[str, str]]:
    """Headings and texts: whose the money is, and until when."""
    return [
        (
            "It is a gift",
            (
                "What you put in belongs to the child at once and for good. You cannot take it back, and may "
                "spend it on nothing but the child."
            ),
        ),
        (
            "You look after it",
            (
                "You decide what is bought and sold, in the child's interest, until the child is of age: at "
                "18 or 21 in most states. Then the account is the child's, to do with as they like."
            ),
        ),
        (
            "Tax and school",
            (
                "The tax papers are in the child's name, and the child's gains may be taxed at the parents' "
                "rate. Money of the child's own counts more when a college works out financial aid."
            ),
        ),
    ]


CUSTODY = Page(
    "custody",
    THE_CHILD,
    "Whose money it is",
    when=is_custodial,
    facts=what_to_know,
    questions=(
        Question(
            "knows_it_is_a_gift",
            "I understand that what I put in belongs to the child and cannot be taken back",
            ask=fields.tick,
            short="A gift for good",
            missing="Answer this with a tick to go on.",
        ),
    ),
)


def _name(a: KycApplication) -> str:
    return reading.joined(a.answer("minor_given_name"), a.answer("minor_family_name"), by=" ")


def _hidden(a: KycApplication) -> str:
    return f"•••-••-{a.minor_tax_id_last4}" if a.minor_tax_id_last4 else ""


CHILD = Page(
    "child",
    THE_CHILD,
    "Who the child is",
    when=is_custodial,
    questions=(
        Question(
            "minor_given_name",
            "Child's first name",
            ask=fields.line(max_length=limits.GIVEN_NAME),
            missing="Enter the child's first name.",
            sent="minor_identity.given_name",
            identifies=True,
        ),
        Question(
            "minor_family_name",
            "Child's last name",
            ask=fields.line(
                min_length=limits.FAMILY_NAME_LEAST,
                max_length=limits.FAMILY_NAME,
                validators=[fields.HAS_LETTERS],
            ),
            missing="Enter the child's last name.",
            sent="minor_identity.family_name",
            identifies=True,
        ),
        Question(
            "minor_date_of_birth",
            "Child's date of birth",
            ask=fields.day(),
            short="Date of birth",
            help="The child has to be under 18. For example 3 31 2018",
            missing="Enter the child's date of birth.",
            rule=lambda born: rules.check_is_minor(born, timezone.localdate()),
            sent="minor_identity.date_of_birth",
            read=reading.day,
            identifies=True,
        ),
        Question(
            "minor_tax_id",
            "Child's Social Security number",
            ask=lambda: TypedField(widget=SSNInput),
            help="9 digits, dashes are fine. The tax papers of the account carry it; we encrypt it.",
            missing="Enter the child's Social Security number.",
            sent=("minor_identity.tax_id", "minor_identity.tax_id_type"),
            send=lambda number: (number, rules.tax_id_type(number)),
            identifies=True,
        ),
        Question(
            "minor_email",
            "E-mail address for the child",
            ask=BrokerEmailField,
            short="E-mail for the child",
            help="The broker asks for one. It can be yours.",
            missing="Enter an e-mail address for the child.",
            sent="minor_identity.email",
            identifies=True,
        ),
        Question(
            "minor_country_of_citizenship",
            "Child's country of citizenship",
            ask=fields.country(),
            short="Citizenship",
            missing="Choose the child's country of citizenship.",
            sent="minor_identity.country_of_citizenship",
            read=reading.country,
        ),
        Question(
            "minor_country_of_birth",
            "Country where the child was born",
            ask=fields.country(),
            short="Country of birth",
            missing="Choose the country where the child was born.",
            sent="minor_identity.country_of_birth",
            read=reading.country,
        ),
        Question(
            "minor_state",
            "State where the child lives",
            ask=fields.us_state(),
            short="Lives in",
            help="Its law says when the child is of age. These accounts are for children who live and pay "
            "tax in the United States.",
            missing="Choose the state where the child lives.",
            sent=("minor_identity.state", "minor_identity.country_of_tax_residence"),
            send=lambda state: (state, "USA"),
            read=reading.state,
        ),
    ),
    rows=(
        Row("Child", ("minor_given_name", "minor_family_name"), _name),
        Row("Child's Social Security number", ("minor_tax_id",), _hidden),
    ),
)


def _needs_an_address(answers: Answers) -> bool:
    return bool(answers("has_other_account"))


ACCOUNT_EMAIL = Page(
    "account-email",
    "This account",
    "An e-mail address for this account",
    why="The broker takes each address for one account only, and has yours already. With many mail providers "
    "what is sent to an address like ana+sam@example.com arrives at ana@example.com. You go on signing in "
    "with your own.",
    when=_needs_an_address,
    questions=(
        Question(
            "account_email",
            "E-mail address for this account",
            ask=BrokerEmailField,
            short="E-mail of the account",
            help="One that reaches you.",
            missing="Enter an e-mail address for this account.",
            sent="contact.email_address",
            identifies=True,
        ),
    ),
)
