"""The ticket and the search."""

from decimal import Decimal
from typing import Any

from django import forms

from brokerapp.units.money import parse_decimal
from trading import rules
from trading.models import Asset, Order
from trading.order_spec import OrderSpec

MAX_SHARES = Decimal(10) ** 9
MAX_DOLLARS = Decimal(10) ** 9


class SearchForm(forms.Form):
    """A symbol or part of a name."""

    q = forms.CharField(label="Symbol or company", max_length=60, required=False, strip=True)


class TicketForm(forms.Form):
    """What to trade, at market, today: shares or dollars."""

    SHARES, DOLLARS = "SHARES", "DOLLARS"
    MESSAGES = {
        "number": "Enter a number, such as 0.5 or 100.",
        "positive": "Enter an amount above zero.",
        "shares_precision": "Shares can have at most 9 decimals.",
        "dollars_precision": "Dollars can have at most 2 decimals.",
        "dollars_minimum": "The smallest order is $1.00.",
        "too_much": "That is more than can be ordered here.",
    }

    side = forms.ChoiceField(
        label="Buy or sell", choices=Order.Side, widget=forms.RadioSelect, initial=Order.Side.BUY
    )
    unit = forms.ChoiceField(
        label="Amount in",
        choices=((SHARES, "Shares"), (DOLLARS, "Dollars")),
        widget=forms.RadioSelect,
        initial=SHARES,
    )
    amount = forms.CharField(
        label="Amount",
        max_length=40,
        widget=forms.TextInput({"inputmode": "decimal", "autocomplete": "off"}),
        error_messages={"required": "Enter how much to trade."},
    )

    def __init__(self, *args: Any, asset: Asset, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.asset = asset
        if not asset.fractionable:
            self.fields["unit"].choices = [(self.SHARES, "Shares")]  # type: ignore[attr-defined]
            self.fields[
                "unit"
            ].help_text = "Whole shares only: this one does not trade in fractions or dollars."

    def clean_amount(self) -> Decimal:
        """Digits as people type them: `$` and thousands commas are dropped."""
        text = self.cleaned_data["amount"].replace("$", "").replace(",", "").replace(" ", "")
        try:
            amount = parse_decimal(text)
        except ValueError:
            raise self._error("number") from None
        if amount <= 0:
            raise self._error("positive")
        return amount

    def clean(self) -> dict[str, Any]:
        data = self.cleaned_data
        if "amount" in data and "unit" in data:
            try:
                self._check_size(data["amount"], data["unit"])
            except forms.ValidationError as error:
                self.add_error("amount", error)
        return data

    def _check_size(self, amount: Decimal, unit: str) -> None:
        decimals = -int(amount.normalize().as_tuple().exponent)
        if unit == self.SHARES:
            if decimals > 9:
                raise self._error("shares_precision")
            if amount > MAX_SHARES:
                raise self._error("too_much")
        else:
            if decimals > 2:
                raise self._error("dollars_precision")
            if amount < rules.MIN_VALUE:
                raise self._error("dollars_minimum")
            if amount > MAX_DOLLARS:
                raise self._error("too_much")

    def _error(self, code: str) -> forms.ValidationError:
        return forms.ValidationError(self.MESSAGES[code], code=code)

    def ticket(self) -> OrderSpec:
        """The valid form's ticket."""
        data = self.cleaned_data
        size = "qty" if data["unit"] == self.SHARES else "notional"
        return OrderSpec(asset=self.asset, side=data["side"], **{size: data["amount"]})

    def add_refusal(self, refusal: rules.TradeRefused) -> None:
        """Show a refusal at the input it is about."""
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))


class ReviewForm(forms.Form):
    """What the review page sends back: the price the person saw, USD per share."""

    seen_price = forms.CharField(required=False, widget=forms.HiddenInput)

    def clean_seen_price(self) -> Decimal | None:
        try:
            return parse_decimal(self.cleaned_data["seen_price"])
        except ValueError:
            return None
