"""The search."""

from brokerapp.ui.fields import TypedField
from brokerapp.ui.words import SpokenForm


class SearchForm(SpokenForm):
    """A symbol or part of a name."""

    q = TypedField(label="Symbol or company", max_length=60, required=False)
