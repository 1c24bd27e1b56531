"""Pages of who pays tax outside of the United States: the tax number there, and form W-8BEN."""

from typing import Any

from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import TypedField
from onboarding import countries, tax_ids, w8ben
from onboarding.models import KycApplication
from onboarding.questions import fields, reading
from onboarding.questions.conditions import Answers, When
from onboarding.questions.descriptions import Page, Question, Row
from onboarding.questions.eligibility import TAXED_ABROAD
from onboarding.questions.person import IDENTITY

KINDS = tuple(
    dict([*(kind for kinds in tax_ids.OF_COUNTRIES.values() for kind in kinds), *tax_ids.ANYWHERE]).items()
)
HAS_A_NUMBER = When("foreign_tax_id_type", not_values=("", tax_ids.NONE), words="if you have a number")
NO_TAX_NUMBER = When(
    "foreign_tax_id_type",
    tuple(kind for kind, _ in tax_ids.ANYWHERE if kind not in tax_ids.TAX_NUMBERS),
    words="if that is no tax number of your country",
)
REASONS = (
    ("COUNTRY_HAS_NONE", "My country does not give tax numbers to people"),
    ("NOT_REQUIRED", "The law of my country does not require me to have one"),
)
PAGE = "foreign-tax-id"


def choices_for(answers: Answers) -> list[tuple[str, str]]:
    """The kinds of numbers that somebody is offered: those of the country where they pay tax come first."""
    return tax_ids.choices_of(answers("country_of_tax_residence") or "")


def _kind_is_offered(answers: Answers) -> bool:
    """Whether the kind of number is still one of the country that was chosen, perhaps since."""
    return answers("foreign_tax_id_type") in dict(choices_for(answers))


def _number(a: KycApplication) -> str:
    last = a.answer("foreign_tax_id_last4")
    return f"ends in {last}" if last else "None"


FOREIGN_TAX_ID = Page(
    PAGE,
    IDENTITY,
    "Your tax number",
    why="The broker reports what you earn here to the tax office of the country where you pay tax.",
    when=TAXED_ABROAD,
    still_holds=_kind_is_offered,
    questions=(
        Question(
            "foreign_tax_id_type",
            "Which number do you have?",
            ask=fields.choose(KINDS, "Choose a kind of number"),
            short="Kind of number",
            help="Of the country where you are a tax resident.",
            missing="Choose which number you have.",
            sent="identity.tax_id_type",
            send=lambda kind: tax_ids.NOT_SPECIFIED if kind == tax_ids.NONE else kind,
            read=reading.among(KINDS),
        ),
        Question(
            "foreign_tax_id",
            "The number",
            ask=lambda: TypedField(plain=True, names=False, max_length=limits.TAX_ID),
            help="As it stands on your papers. We encrypt it.",
            missing="Enter the number.",
            when=HAS_A_NUMBER,
            sent="identity.tax_id",
            identifies=True,
        ),
        Question(
            "foreign_tax_id_last4", "End of the number", required=False, when=HAS_A_NUMBER, of_owner=True
        ),
        Question(
            "no_tax_number_reason",
            "Why do you have no tax number there?",
            ask=fields.one_of(REASONS),
            short="Why no tax number",
            help="Form W-8BEN has to say that none is required of you.",
            missing="Choose why you have no tax number.",
            when=NO_TAX_NUMBER,
            read=reading.among(REASONS),
            of_owner=True,
        ),
    ),
    rows=(Row("The number", ("foreign_tax_id", "foreign_tax_id_last4"), _number),),
)

ELSEWHERE = When("mail_goes_elsewhere", (True,), words="if it goes elsewhere")
HAS_TREATY = When("country_of_tax_residence", countries.TREATY, words="if your country has a treaty") & When(
    "foreign_tax_id_type", tuple(sorted(tax_ids.TAX_NUMBERS))
)


def _is_signed(answers: Answers) -> bool:
    """Whether the form that was signed says what is answered now."""
    return bool(answers("w8ben_signed")) and answers("w8ben_signed") == w8ben.digest(answers)


def _signed(a: KycApplication) -> list[tuple[str, str]]:
    form = a.tax_forms.order_by("-signed_at").first()
    rows = [("Mail goes to", _mailing(a))]
    if HAS_TREATY(a.answer):
        rows.append(("Claims a treaty", reading.plainly(a.answer("claims_treaty"))))
    said = f"By {form.signature}, {reading.day(form.signed_at.date())}" if form else ""
    return [*rows, ("Signed", said if _is_signed(a.answer) else "")]


def _mailing(a: KycApplication) -> str:
    if not a.answer("mail_goes_elsewhere"):
        return "The home address" if a.answer("mail_goes_elsewhere") is False else ""
    country = reading.country(a.answer("mailing_country"))
    return reading.joined(a.answer("mailing_street"), a.answer("mailing_city"), country)


def mailing_line(least: int, most: int) -> Any:
    """A line of an address, in plain letters."""
    return fields.line(names=False, min_length=least, max_length=most, validators=[fields.HAS_LETTERS])


W8BEN = Page(
    "w8ben",
    "Tax form",
    "Your tax form W-8BEN",
    why="By this form you tell the broker, and the tax office of the United States, that you do not pay tax "
    "on all you earn there. Without it the broker opens no account.",
    when=TAXED_ABROAD,
    still_holds=_is_signed,
    after=("eligibility", "name", "contact", PAGE),
    questions=(
        Question(
            "mail_goes_elsewhere",
            "Does your mail go to another address than where you live?",
            ask=fields.yes_no,
            short="Mail goes elsewhere",
        ),
        Question(
            "mailing_street",
            "Street address or P.O. box for mail",
            ask=mailing_line(limits.STREET_LEAST, limits.STREET),
            missing="Enter the street address or P.O. box.",
            when=ELSEWHERE,
            identifies=True,
        ),
        Question(
            "mailing_city",
            "City, province and postal code for mail",
            ask=mailing_line(limits.CITY_LEAST, limits.CITY),
            missing="Enter the city.",
            when=ELSEWHERE,
            identifies=True,
        ),
        Question(
            "mailing_country",
            "Country for mail",
            ask=fields.country(),
            missing="Choose the country.",
            when=ELSEWHERE,
        ),
        Question(
            "claims_treaty",
            "Do you want less tax taken off dividends, by the tax treaty of your country?",
            ask=fields.yes_no,
            short="Claims a treaty",
            help="The United States takes 30% of each dividend. With a treaty it is often 15%. By Yes you "
            "say that you are a resident of your country within the meaning of its treaty. If you do not "
            "know, choose No: you can sign a new form later.",
            missing="Choose Yes or No.",
            when=HAS_TREATY,
        ),
        Question("w8ben_signed", "Signature", required=True),
    ),
    read=_signed,
)
