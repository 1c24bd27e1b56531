"""Pages of retirement accounts and accounts for a child that are peculiar."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils import timezone

from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import NumberField, TypedField
from brokerapp.ui.widgets import SSNInput
from brokerapp.units.money import plain
from onboarding import rules
from onboarding.forms.personal import read_ssn, words_of_kept
from onboarding.forms.step import StepForm
from onboarding.kinds import ONLY_TAXED_HERE, suits_the_kind
from onboarding.models import KycApplication
from onboarding.questions import fields
from onboarding.questions.descriptions import Question
from onboarding.questions.retirement import CONTINGENT, MOST_BENEFICIARIES, PRIMARY, RANKS, RELATIONSHIPS
from onboarding.services import kinds
from onboarding.services.obstacles import ADDRESS_TAKEN, HAS_IRA

WHOLE = Decimal(100)
TAX_ID = "tax_id"
OWN_NUMBER = "This is your own number. Enter that of the person whom you name."
SAME_NUMBER = "Two people cannot have the same number. Check the digits."
NUMBER_AGAIN = "The date of birth is another one than before. Enter the number that goes with it."
WHERE_TAXED = ("country_of_residence", "country_of_tax_residence")


class EligibilityForm(StepForm):
    """Whether the account can be opened at all: US tax law makes IRAs and accounts for a child."""

    key = "eligibility"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if suits_the_kind(self.answer):
            return cleaned
        wrong = next(name for name in WHERE_TAXED if self.answer(name) not in (None, "", "USA"))
        if wrong not in self.errors:
            self.add_error(wrong, f"{ONLY_TAXED_HERE} You can open an individual account instead.")
        return cleaned


class RetirementForm(StepForm):
    """Which kind of IRA; not one that the person has here."""

    key = "retirement"

    def clean_account_sub_type(self) -> str:
        chosen: str = self.cleaned_data["account_sub_type"]
        if self.application.user_id and chosen in kinds.taken_sub_types(self.application):
            raise ValidationError(HAS_IRA)
        return chosen


class ShareField(NumberField):
    """A share in percent, 2 dp."""

    default_error_messages = {
        "required": "Enter the share in percent.",
        "invalid": "Enter the share in percent, such as 50 or 33.34.",
        "too_much": "A share is %(most)s percent at the most.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(places=2, most=WHOLE, **options)


def _born_before_today(day: Any) -> None:
    if day > timezone.localdate():
        raise rules.AnswerRefused("The date of birth cannot be in the future. Check the year.")


ABOUT_EACH = (
    Question("given_name", "First name of person {0}", ask=fields.line(max_length=limits.GIVEN_NAME)),
    Question(
        "middle_name",
        "Middle name of person {0}",
        ask=fields.line(max_length=limits.MIDDLE_NAME),
        required=False,
    ),
    Question("family_name", "Last name of person {0}", ask=fields.line(max_length=limits.FAMILY_NAME)),
    Question("date_of_birth", "Date of birth of person {0}", ask=fields.day(), rule=_born_before_today),
    Question(
        TAX_ID,
        "Social Security number or ITIN of person {0}",
        ask=lambda: TypedField(widget=SSNInput),
        help="9 digits, dashes are fine. We encrypt it.",
    ),
    Question(
        "relationship", "Person {0} is your", ask=fields.choose(RELATIONSHIPS, "Choose who they are to you")
    ),
    Question("type", "When does person {0} get a share?", ask=fields.one_of(RANKS)),
    Question("share_pct", "Share of person {0} in percent", ask=ShareField),
)
MISSING = {
    "given_name": "Enter the first name.",
    "family_name": "Enter the last name.",
    "date_of_birth": "Enter the date of birth.",
    TAX_ID: "Enter the Social Security number or ITIN.",
    "relationship": "Choose who they are to you.",
    "type": "Choose when they get a share.",
    "share_pct": "Enter the share in percent.",
}


class BeneficiariesForm(StepForm):
    """As many people as were said, each with a share; the shares of each rank make 100%.

    Saved numbers are never shown again. Leaving the field empty keeps the one of who is the same person, as
    the date of birth tells.
    """

    key = "beneficiary-details"

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        wanted = str(application.answer("number_of_beneficiaries") or "0")
        self.numbers = range(1, min(int(wanted), MOST_BENEFICIARIES) + 1 if wanted.isdigit() else 1)
        self.known = application.answer("beneficiaries") or []
        self.tax_ids = application.beneficiary_tax_ids or []
        for number in self.numbers:
            entry = self._known(number)
            for about in ABOUT_EACH:
                name = f"{number}-{about.name}"
                self.fields[name] = self._field(about, number)
                self.initial[name] = entry.get(about.name, "")
            if self._kept_tax_id(number):
                field = self.fields[f"{number}-{TAX_ID}"]
                field.required = False
                field.help_text = words_of_kept(entry["tax_id_last4"])

    def _known(self, number: int) -> dict[str, Any]:
        """What was answered of a person, by their place in the list."""
        return self.known[number - 1] if number <= len(self.known) else {}

    def _kept_tax_id(self, number: int) -> str:
        return self.tax_ids[number - 1] if number <= min(len(self.tax_ids), len(self.known)) else ""

    @staticmethod
    def _field(about: Question, number: int) -> forms.Field:
        field = about.field()
        field.label = about.label.format(number)
        if about.required:
            field.error_messages["required"] = MISSING[about.name]
        return field

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        shown = self.visible_fields()
        return [
            (f"Person {number}", [field for field in shown if field.name.startswith(f"{number}-")])
            for number in self.numbers
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for number in self.numbers:
            name = f"{number}-date_of_birth"
            if cleaned.get(name):
                try:
                    _born_before_today(cleaned[name])
                except rules.AnswerRefused as refusal:
                    self.add_error(name, str(refusal))
            self._read_tax_id(cleaned, number)
        self._compare_tax_ids(cleaned)
        if not self.errors:
            self._check_shares(cleaned)
        return cleaned

    def _read_tax_id(self, cleaned: dict[str, Any], number: int) -> None:
        """Take what was typed as it is sent; where nothing is, the number that is there of this person."""
        name, born = f"{number}-{TAX_ID}", cleaned.get(f"{number}-date_of_birth")
        kept, born_before = self._kept_tax_id(number), self._known(number).get("date_of_birth")
        try:
            typed = read_ssn(cleaned.get(name, ""))
        except ValidationError as refusal:
            self.add_error(name, refusal)
            return
        cleaned[name] = typed or kept
        if kept and not typed and born and born.isoformat() != born_before:
            self.add_error(name, NUMBER_AGAIN)

    def _compare_tax_ids(self, cleaned: dict[str, Any]) -> None:
        seen = dict.fromkeys(kinds.own_tax_ids(self.application), OWN_NUMBER)
        for name in (f"{number}-{TAX_ID}" for number in self.numbers):
            if (tax_id := cleaned.get(name)) and tax_id in seen:
                self.add_error(name, seen[tax_id])
            elif tax_id:
                seen[tax_id] = SAME_NUMBER

    def _check_shares(self, cleaned: dict[str, Any]) -> None:
        shares: dict[str, Decimal] = {}
        for number in self.numbers:
            rank = cleaned[f"{number}-type"]
            shares[rank] = shares.get(rank, Decimal(0)) + cleaned[f"{number}-share_pct"]
        last = {cleaned[f"{number}-type"]: f"{number}-share_pct" for number in self.numbers}
        if CONTINGENT in shares and PRIMARY not in shares:
            self.add_error("1-type", "Somebody has to be first before others are in reserve.")
        for rank, total in shares.items():
            if total != WHOLE:
                who = "the first" if rank == PRIMARY else "those in reserve"
                said = f"The shares of {who} make {plain(total)}% together. They have to make 100%."
                self.add_error(last[rank], said)

    def answers(self) -> dict[str, Any]:
        tax_ids = [self.cleaned_data[f"{number}-{TAX_ID}"] for number in self.numbers]
        named = [self._entry(number, tax_id) for number, tax_id in zip(self.numbers, tax_ids, strict=True)]
        return {"beneficiaries": named, "beneficiary_tax_ids": tax_ids}

    def _entry(self, number: int, tax_id: str) -> dict[str, Any]:
        given = {about.name: self.cleaned_data[f"{number}-{about.name}"] for about in ABOUT_EACH}
        return {name: answer for name, answer in given.items() if name != TAX_ID} | {
            "date_of_birth": given["date_of_birth"].isoformat(),
            "share_pct": plain(given["share_pct"]),
            "tax_id_type": rules.tax_id_type(tax_id),
            "tax_id_last4": tax_id[-4:],
        }


class ChildForm(StepForm):
    """Who the child is. A saved number is never shown again; leaving the field empty keeps it."""

    key = "child"

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        super().__init__(data, files, application=application)
        if application.minor_tax_id:
            field = self.fields["minor_tax_id"]
            field.required = False
            field.help_text = words_of_kept(application.minor_tax_id_last4)

    def saved_answers(self) -> dict[str, Any]:
        return {**super().saved_answers(), "minor_tax_id": None}

    def _may_stay_empty(self, question: Question) -> bool:
        return question.name == "minor_tax_id" and bool(self.application.minor_tax_id)

    def clean_minor_tax_id(self) -> str:
        return read_ssn(self.cleaned_data["minor_tax_id"])

    def answers(self) -> dict[str, Any]:
        given = super().answers()
        number = given.pop("minor_tax_id")
        return {**given, "minor_tax_id": number, "minor_tax_id_last4": number[-4:]} if number else given


class AccountEmailForm(StepForm):
    """An address that no other account of the person has at the broker."""

    key = "account-email"

    def clean_account_email(self) -> str:
        typed: str = self.cleaned_data["account_email"]
        if self.application.user_id and typed.casefold() in kinds.taken_addresses(self.application):
            raise ValidationError(ADDRESS_TAKEN)
        return typed
