"""The review of an order."""

from decimal import Decimal

from django import forms

from brokerapp.ui.fields import TypedField
from brokerapp.ui.words import SpokenForm
from brokerapp.units import typed
from trading.services.tickets import Agreed


class ReviewForm(SpokenForm):
    """What the review page sends back: the price the person saw, USD per share, and what they will borrow."""

    seen_price = TypedField(required=False, widget=forms.HiddenInput)
    seen_borrowing = TypedField(required=False, widget=forms.HiddenInput)
    seen_old_price = TypedField(required=False, widget=forms.HiddenInput)
    read = forms.BooleanField(
        required=False,  # whether it is needed is for `tickets.check_agreed`
        label="I have read this, and want the order as it is.",
    )
    borrow = forms.BooleanField(
        required=False,  # whether it is needed is for `rules.check_borrowing`
        label="I want to borrow this from the broker. I know that it costs interest, and that the broker may "
        "sell what I hold in a margin call.",
    )

    def clean_seen_price(self) -> Decimal | None:
        return self._number("seen_price")

    def clean_seen_borrowing(self) -> Decimal | None:
        return self._number("seen_borrowing")

    def _number(self, name: str) -> Decimal | None:
        try:
            return typed.read_decimal(self.cleaned_data[name])
        except typed.NotANumber:
            return None

    def agreed(self) -> Agreed:
        """What the person saw and ticked beside that."""
        data = self.cleaned_data
        return Agreed(
            has_read=bool(data.get("read")), was_told_of_old_price=data.get("seen_old_price") == "1"
        )

    def agreed_borrowing(self) -> Decimal | None:
        """USD that the person ticked to borrow; None if they did not."""
        return self.cleaned_data["seen_borrowing"] if self.cleaned_data.get("borrow") else None
