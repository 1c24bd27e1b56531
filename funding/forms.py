"""The forms of funding. Fields are named as their columns."""

from decimal import Decimal
from typing import Any, cast

from django import forms
from django.core.exceptions import ValidationError

from brokerapp.accounts.capabilities import AccountRefused
from brokerapp.accounts.models import BrokerageAccount
from brokerapp.broker.alpaca import limits
from brokerapp.ui.fields import MoneyField, TypedField
from brokerapp.ui.widgets import MoneyInput
from brokerapp.ui.words import SpokenForm
from funding import rules
from funding.models import BankLink
from funding.services.banks import BankDetails
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
        except rules.AnswerRefused as refusal:
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

    def clean_amount(self) -> Decimal:
        amount: Decimal = self.cleaned_data["amount"]
        account, bank, direction, facts = self._check
        try:
            rules.check_transfer(account, bank, direction, amount, facts)
        except (rules.TransferRefused, AccountRefused) as refusal:
            raise ValidationError(str(refusal)) from refusal
        return amount
