"""The form that changes an open order."""

from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from brokerapp.ui.fields import MoneyField, NumberField, QuantityField
from brokerapp.ui.words import SpokenForm
from brokerapp.units.money import plain
from trading import changes
from trading.models import Order
from trading.order_spec import OrderSpec
from trading.order_types import TimeInForce

TIMES = (TimeInForce.DAY, TimeInForce.GTC)
"""Between these an order can be changed; one that has another keeps it, or takes one of them."""
FINE_BELOW = Decimal(1)
"""USD from which a price has whole cents."""


class PriceField(MoneyField):
    """USD per share: whole cents, and up to 4 decimals below a dollar."""

    default_error_messages = {
        "required": "Enter a price.",
        "places": "Prices can have at most %(places)d decimals.",
        "cents": "From one dollar on, prices have whole cents.",
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(places=4, **options)

    def read(self, text: str) -> Decimal:
        price = super().read(text)
        if price >= FINE_BELOW and price != round(price, 2):
            raise self.refusal("cents")
        return price


NUMBERS = ("qty", "trail_percent")


def _as_typed(order: Order, name: str) -> Any:
    """A part of the order as a person would type it; dollars are for their own widget."""
    value = getattr(order, name)
    return plain(value) if name in NUMBERS else value


class ReplaceForm(SpokenForm):
    """What can be changed of one order, filled in as it is now. The rest of the order stays."""

    qty = QuantityField(
        label="Shares in all",
        places=0,
        error_messages={"places": "Whole shares only: this order is for whole shares."},
    )
    limit_price = PriceField(label="Limit price", help_text="A share")
    take_profit_price = PriceField(label="Limit price", help_text="A share, of the exit that takes your gain")
    stop_price = PriceField(label="Stop price", help_text="A share")
    trail_price = PriceField(label="Trail", help_text="Dollars a share behind the best price")
    trail_percent = NumberField(
        label="Trail in percent",
        places=2,
        help_text="Behind the best price",
        error_messages={
            "required": "Enter how many percent.",
            "invalid": "Enter a number of percent, such as 5 or 2.5.",
            "places": "Percentages can have at most %(places)d decimals.",
        },
    )
    time_in_force = forms.ChoiceField(label="Good for", widget=forms.RadioSelect)

    def __init__(self, data: Any = None, *, order: Order) -> None:
        self.order = order
        names = changes.changeable(order)
        super().__init__(data, initial={name: _as_typed(order, name) for name in names})
        for name in [name for name in self.fields if name not in names]:
            del self.fields[name]
        if (field := self.fields.get("time_in_force")) is not None:
            kept = TimeInForce(order.time_in_force)
            offered = TIMES if kept in TIMES else (kept, *TIMES)
            field.choices = [(each.value, each.label) for each in offered]  # type: ignore[attr-defined]
        if order.filled_qty and (field := self.fields.get("qty")) is not None:
            field.help_text = "What is filled already counts."

    def spec(self) -> OrderSpec:
        """The valid form's order, as it is to be."""
        return changes.changed(self.order, **self.cleaned_data)

    def clean(self) -> dict[str, Any]:
        found = super().clean() or self.cleaned_data
        if not self.errors:
            try:
                self.spec()
            except ValueError as error:
                raise ValidationError("This cannot be an order. Check it and type it again.") from error
        return found

    def add_refusal(self, refusal: Exception) -> None:
        """Show a refusal at the input it is about."""
        field = getattr(refusal, "field", "")
        name = {"amount": "qty"}.get(field, field)
        self.add_error(name if name in self.fields else None, str(refusal))
