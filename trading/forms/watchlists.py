"""Watchlists."""

from brokerapp.ui.fields import TypedField
from brokerapp.ui.words import SpokenForm


class WatchlistForm(SpokenForm):
    """The name of a watchlist."""

    name = TypedField(label="Name of the list", max_length=40, error_messages={"required": "Enter a name."})
