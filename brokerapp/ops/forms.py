"""The forms of staff's own pages."""

from django import forms

from brokerapp.ui.words import SpokenForm


class NoteForm(SpokenForm):
    """A note about a person, for other staff."""

    text = forms.CharField(
        label="A note for other staff",
        max_length=2000,
        widget=forms.Textarea({"rows": 3}),
        help_text="What the next one must know. It cannot be changed, and the person may ask for a copy.",
        error_messages={"required": "Write the note first."},
    )


class SaveViewForm(SpokenForm):
    """A name for a list with its filters."""

    name = forms.CharField(
        label="Name of this view", max_length=40, error_messages={"required": "Give it a name."}
    )
    page = forms.CharField(max_length=100, widget=forms.HiddenInput)
    query = forms.CharField(max_length=500, required=False, widget=forms.HiddenInput)
