"""The forms of replay: which window of which stream, and why it is applied."""

from datetime import datetime, timedelta
from typing import Any

from django import forms

from brokerapp.broker.streams.models import EventStream
from brokerapp.ui.forms import ReasonForm
from brokerapp.ui.words import SpokenForm


def last_hour(now: datetime) -> dict[str, datetime]:
    """The window that is looked at most: the last hour, with the minute that has begun."""
    until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return {"since": until - timedelta(hours=1), "until": until}


class WindowForm(SpokenForm):
    """A stream and a time, New York's."""

    stream = forms.ChoiceField(label="Stream", choices=EventStream.choices)
    since = forms.DateTimeField(
        label="From, ET",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say from when on."},
    )
    until = forms.DateTimeField(
        label="Until, ET",
        widget=forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"required": "Say until when."},
    )

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since >= until:
            self.add_error("until", "The end has to be after the begin.")
        return cleaned


class ApplyForm(WindowForm, ReasonForm):
    """The window again, and why what is missing in it is to be handled."""
