"""The forms of replay: which window of which stream, and why it is applied."""

from datetime import UTC, datetime, timedelta
from typing import Any

from django import forms
from django.utils import timezone

from brokerapp.broker.streams.models import EventStream
from brokerapp.ui.forms import ReasonForm
from brokerapp.ui.words import SpokenForm
from brokerapp.units.market_time import NEW_YORK


def last_hour(now: datetime) -> dict[str, datetime]:
    """The window that is looked at most: the last hour, with the minute that has begun."""
    until = now.replace(second=0, microsecond=0) + timedelta(minutes=1)
    return {"since": until - timedelta(hours=1), "until": until}


class MomentField(forms.DateTimeField):
    """A moment by New York's clock; of the hour that comes twice, the first or (`fold=1`) the second."""

    widget = forms.DateTimeInput({"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")

    def __init__(self, *, fold: int, **options: Any) -> None:
        super().__init__(**options)
        self.fold = fold

    def to_python(self, value: Any) -> datetime | None:
        """In UTC. Read without a zone, as Django refuses what a zone has twice or not at all."""
        with timezone.override(UTC):
            found = super().to_python(value)
        return found and found.replace(tzinfo=NEW_YORK, fold=self.fold).astimezone(UTC)


class WindowForm(SpokenForm):
    """A stream and a time, New York's."""

    stream = forms.ChoiceField(label="Stream", choices=EventStream.choices)
    since = MomentField(label="From, ET", fold=0, error_messages={"required": "Say from when on."})
    until = MomentField(label="Until, ET", fold=1, error_messages={"required": "Say until when."})

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since >= until:
            self.add_error("until", "The end has to be after the begin.")
        return cleaned


class ApplyForm(WindowForm, ReasonForm):
    """The window again, and why what is missing in it is to be handled."""
