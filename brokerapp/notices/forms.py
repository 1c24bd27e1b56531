"""Which mails a person wants."""

from typing import Any

from django import forms

from brokerapp.notices.models import Fills
from brokerapp.ui.words import SpokenForm


class PreferencesForm(SpokenForm):
    """What can be turned off; what the law or safety asks for is not here."""

    money = forms.BooleanField(
        label="Money: deposits and withdrawals that arrive or are not made",
        required=False,
    )
    orders = forms.BooleanField(
        label="Orders: rejected, expired, canceled or filled in part",
        required=False,
    )
    help = forms.BooleanField(label="Help: answers of our support", required=False)
    fills = forms.ChoiceField(
        label="Orders that are filled",
        choices=Fills.choices,
        widget=forms.RadioSelect,
        error_messages={"required": "Choose how we write to you of orders that are filled."},
    )

    @property
    def columns(self) -> dict[str, Any]:
        """The columns of `NoticePreferences`."""
        return dict(self.cleaned_data)
