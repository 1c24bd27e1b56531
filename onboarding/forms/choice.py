"""Which kind of account somebody wants."""

from django import forms

from brokerapp.ui.words import SpokenForm
from onboarding.kinds import AccountKind


class KindForm(SpokenForm):
    """One kind of account."""

    kind_of_account = forms.ChoiceField(choices=AccountKind.choices)

    def kind(self) -> AccountKind:
        """The kind, after `is_valid()`."""
        return AccountKind(self.cleaned_data["kind_of_account"])
