"""What the feed is narrowed to."""

from datetime import date

from django import forms

from brokerapp.activities.words import Kind
from brokerapp.records.feed import Filter
from brokerapp.ui.fields import TypedField
from brokerapp.ui.words import SpokenForm


def _day(label: str) -> forms.DateField:
    return forms.DateField(
        label=label,
        required=False,
        widget=forms.DateInput({"type": "date"}, format="%Y-%m-%d"),
        error_messages={"invalid": "Enter a date as year, month and day, like 2026-03-31."},
    )


class FilterForm(SpokenForm):
    """Kind, symbol and days; every field may be left empty."""

    kind = forms.ChoiceField(label="Show", required=False, choices=[("", "Everything"), *Kind.choices])
    symbol = TypedField(label="Symbol", required=False, max_length=32)
    first = _day("From")
    last = _day("To")

    def clean(self) -> dict[str, object]:
        """Days in their order: what was given the wrong way round is read the right way."""
        found: dict[str, object] = super().clean() or {}
        first, last = found.get("first"), found.get("last")
        if isinstance(first, date) and isinstance(last, date) and last < first:
            found |= {"first": last, "last": first}
        return found

    def wanted(self) -> Filter:
        """The filter, without what could not be read."""
        self.is_valid()
        given = self.cleaned_data
        return Filter(
            kind=Kind(given["kind"]) if given.get("kind") else None,
            symbol=given.get("symbol", ""),
            first=given.get("first"),
            last=given.get("last"),
        )
