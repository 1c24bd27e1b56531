"""The ticket."""

from decimal import Decimal
from typing import Any

from django import forms

from brokerapp.ui.fields import MoneyField, NumberField, QuantityField, TypedField
from brokerapp.ui.words import SpokenForm
from trading import rules
from trading.models import Asset, Order
from trading.order_spec import OrderSpec


class TicketForm(SpokenForm):
    """What to trade, at market, today: shares or dollars."""

    SHARES, DOLLARS = "SHARES", "DOLLARS"
    READERS: dict[str, NumberField] = {
        SHARES: QuantityField(),
        DOLLARS: MoneyField(
            least=rules.MIN_VALUE, error_messages={"too_little": "The smallest order is %(least)s."}
        ),
    }
    """How the amount is read, by its unit."""

    side = forms.ChoiceField(
        label="Buy or sell", choices=Order.Side, widget=forms.RadioSelect, initial=Order.Side.BUY
    )
    unit = forms.ChoiceField(
        label="Amount in",
        choices=((SHARES, "Shares"), (DOLLARS, "Dollars")),
        widget=forms.RadioSelect,
        initial=SHARES,
    )
    amount = TypedField(
        label="Amount",
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

    def clean_amount(self) -> Decimal | None:
        """The amount in its unit; without one, nothing is guessed."""
        reader = self.READERS.get(self.cleaned_data.get("unit", ""))
        return reader.read(self.cleaned_data["amount"]) if reader else None

    def ticket(self) -> OrderSpec:
        """The valid form's ticket."""
        data = self.cleaned_data
        size = "qty" if data["unit"] == self.SHARES else "notional"
        return OrderSpec(asset=self.asset, side=data["side"], **{size: data["amount"]})

    def add_refusal(self, refusal: rules.TradeRefused) -> None:
        """Show a refusal at the input it is about."""
        self.add_error(refusal.field if refusal.field in self.fields else None, str(refusal))
