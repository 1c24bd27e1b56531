"""The forms of funding. Fields are named as their columns."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from brokerapp.accounts.capabilities import AccountRefused
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import MoneyField, NumberField, TypedField
from brokerapp.ui.widgets import MoneyInput
from brokerapp.ui.words import SpokenForm
from brokerapp.units.money import plain, usd
from funding import ira, rules
from funding.models import BankLink
from funding.services.banks import BankDetails
from funding.statuses import Direction
from onboarding.models import KycApplication

DIGITS_ONLY = str.maketrans("", "", " -.")


class LinkBankForm(SpokenForm):
    """A bank by its numbers. What was typed is shown again after an error, in that one response."""

    account_owner_name = TypedField(
        label="Name on the bank account",
        max_length=limits.BANK_OWNER,
        plain=True,
        help_text="It must be your own account: the same name as on your application.",
        widget=forms.TextInput({"autocomplete": "name"}),
        error_messages={"required": "Enter the name on the bank account."},
    )
    bank_account_type = forms.ChoiceField(
        label="Kind of account",
        choices=BankLink.AccountType,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose checking or savings."},
    )
    bank_routing_number = TypedField(
        label="Routing number",
        help_text="Nine digits, at the bottom left of a check or in your bank's app.",
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter the routing number."},
    )
    bank_account_number = TypedField(
        label="Account number",
        help_text="4 to 17 digits. It is stored encrypted.",
        widget=forms.TextInput({"inputmode": "numeric", "autocomplete": "off", "spellcheck": "false"}),
        error_messages={"required": "Enter the account number."},
    )
    nickname = TypedField(
        label="Your name for it",
        max_length=limits.NICKNAME,
        plain=True,
        names=False,
        required=False,
        help_text="For example, Household.",
    )

    def __init__(self, *args: Any, application: KycApplication, **kwargs: Any) -> None:
        names = (application.sent_given_name, application.middle_name, application.family_name)
        self.holder = rules.Holder(*names)
        kwargs.setdefault("initial", {"account_owner_name": str(self.holder)})
        super().__init__(*args, **kwargs)

    def clean_account_owner_name(self) -> str:
        return self._checked(rules.check_owner_name, self.cleaned_data["account_owner_name"], self.holder)

    def clean_bank_routing_number(self) -> str:
        number = self.cleaned_data["bank_routing_number"].translate(DIGITS_ONLY)
        return self._checked(rules.check_routing_number, number)

    def clean_bank_account_number(self) -> str:
        number = self.cleaned_data["bank_account_number"].translate(DIGITS_ONLY)
        return self._checked(rules.check_account_number, number)

    def details(self) -> BankDetails:
        """What to link, after `is_valid()`."""
        return cast(BankDetails, self.cleaned_data)

    @staticmethod
    def _checked(rule: Any, value: str, *facts: rules.Holder) -> str:
        try:
            rule(value, *facts)
        except rules.BankDetailRefused as refusal:
            raise ValidationError(str(refusal)) from refusal
        return value


class AmountForm(SpokenForm):
    """How much to deposit or withdraw, USD, held against the rules."""

    amount = MoneyField(widget=MoneyInput({"autocomplete": "transaction-amount"}))

    def __init__(
        self,
        *args: Any,
        account: BrokerageAccount,
        bank: BankLink | None,
        direction: str,
        facts: rules.TransferFacts,
        **kwargs: Any,
    ) -> None:
        self._check = (account, bank, direction, facts)
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if self.errors:
            return cleaned
        account, bank, direction, facts = self._check
        try:
            rules.check_transfer(account, bank, direction, cleaned["amount"], facts, self.details())
        except (rules.TransferRefused, AccountRefused) as refusal:
            self.add_error(getattr(refusal, "field", "amount"), str(refusal))
        return cleaned

    def details(self) -> ira.Details:
        """What an IRA's transfer says besides; after the fields were cleaned."""
        return ira.NOTHING


ONE_LIMIT = "The limit is for all your IRAs together; we know only what you put in here."


class ContributionForm(AmountForm):
    """A deposit into an IRA: how much, and for which year."""

    def __init__(self, *args: Any, facts: rules.TransferFacts, **kwargs: Any) -> None:
        super().__init__(*args, facts=facts, **kwargs)
        assert facts.ira is not None
        self.fields["tax_year"] = forms.ChoiceField(
            label="Which year does it count for?",
            choices=[(year, _year_words(facts.ira, year)) for year in facts.ira.limits],
            widget=forms.RadioSelect,
            help_text=" ".join(filter(None, (ONE_LIMIT, *map(facts.ira.not_announced, facts.ira.limits)))),
            error_messages={"required": "Choose the year that this deposit counts for."},
        )

    def details(self) -> ira.Details:
        return ira.Details(tax_year=int(self.cleaned_data["tax_year"]))


def _year_words(facts: ira.Facts, year: int) -> str:
    until = f"{facts.deadlines[year]:%B} {facts.deadlines[year].day}, {facts.deadlines[year].year}"
    return f"{year}: up to {usd(facts.left(year))} more, until {until}"


class PercentField(NumberField):
    """A percentage from 0 to 100, 2 dp."""

    default_error_messages = {
        "required": "Enter a percentage from 0 to 100.",
        "invalid": "Enter a percentage, such as 10 or 12.5.",
        "too_much": "It is %(most)s percent at the most.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(places=2, most=ira.WHOLE, **options)

    def read(self, text: str) -> Decimal:
        text = text.strip().removesuffix("%").strip()
        return Decimal(0) if text.strip("0.") == "" and "0" in text else super().read(text)


class DistributionForm(AmountForm):
    """A withdrawal from an IRA: how much, why, and what is withheld for taxes."""

    def __init__(self, *args: Any, facts: rules.TransferFacts, **kwargs: Any) -> None:
        super().__init__(*args, facts=facts, **kwargs)
        assert facts.ira is not None
        self.fields["distribution_reason"] = forms.ChoiceField(
            label="Why do you take money out?",
            choices=[(reason.word, reason.label) for reason in facts.ira.reasons],
            widget=forms.RadioSelect,
            help_text="It goes on your tax papers. If the law makes an exception for you, say so in your "
            "tax return.",
            error_messages={"required": "Choose why you take money out."},
        )
        self.fields["fed_withholding_pct"] = PercentField(
            label="Percent to withhold for federal tax",
            initial=plain(ira.DEFAULT_FEDERAL),
            help_text="From 0 to 100. The law has 10 for those who do not choose (Form W-4R). It is paid to "
            "the IRS out of the amount, and counts towards your tax.",
        )
        self.fields["state_withholding_pct"] = PercentField(
            label="Percent to withhold for state tax",
            initial="0",
            help_text="From 0 to 100. Some states want more than 0.",
        )

    def details(self) -> ira.Details:
        given = self.cleaned_data
        return ira.Details(
            distribution_reason=given["distribution_reason"],
            fed_withholding_pct=given["fed_withholding_pct"],
            state_withholding_pct=given["state_withholding_pct"],
        )


def amount_form(account: BrokerageAccount, direction: str) -> type[AmountForm]:
    """The form that asks how much, and what else an account's transfers have to say."""
    if not account.is_ira:
        return AmountForm
    return ContributionForm if direction == Direction.INCOMING else DistributionForm
