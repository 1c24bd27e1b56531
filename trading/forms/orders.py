"""The filter of the list of orders, kept in its address."""

from typing import Any

from django import forms

from brokerapp.ui.fields import TypedField
from brokerapp.ui.words import SpokenForm
from trading.models import Order
from trading.services.order_lists import CLOSED, OPEN, STATUSES, Wanted
from trading.statuses import OrderStatus

ALL = ("", "All")
NOT_LISTED = (OrderStatus.REPLACED,)
"""A changed order is listed by its last version."""


def status_choices(tab: str) -> list[tuple[str, str]]:
    """The words that orders of a tab can have, each once."""
    words: dict[str, str] = {}
    for status in STATUSES[tab]:
        if status not in NOT_LISTED:
            words.setdefault(status.label, status.value)
    return [ALL, *((value, label) for label, value in words.items())]


class OrderFilterForm(SpokenForm):
    """Which orders to list. What cannot be read is said at its field, and filters nothing."""

    side = forms.ChoiceField(label="Side", choices=[ALL, *Order.Side.choices], required=False)
    type = forms.ChoiceField(label="Type", choices=[ALL, *Order.Type.choices], required=False)
    status = forms.ChoiceField(label="Status", required=False)
    symbol = TypedField(
        label="Symbol",
        required=False,
        max_length=32,
        widget=forms.TextInput(
            {"autocomplete": "off", "autocapitalize": "characters", "spellcheck": "false"}
        ),
    )
    since = forms.DateField(
        label="Placed from",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a real date, like 2026-03-31."},
    )
    until = forms.DateField(
        label="Placed until",
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a real date, like 2026-03-31."},
    )

    def __init__(self, *args: Any, tab: str = OPEN, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.tab = CLOSED if tab == CLOSED else OPEN
        self.fields["status"].choices = status_choices(self.tab)  # type: ignore[attr-defined]

    def clean_symbol(self) -> str:
        return str(self.cleaned_data["symbol"]).upper()

    def wanted(self) -> Wanted:
        """The filter, as far as it could be read."""
        self.is_valid()
        given = {name: value for name, value in self.cleaned_data.items() if value}
        return Wanted(tab=self.tab, **given)
