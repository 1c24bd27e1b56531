"""What staff fill in about an application."""

from django import forms

from brokerapp.ui.words import SpokenForm
from onboarding.staff_reasons import ASK_REASONS, REJECT_REASONS

TEXT = forms.Textarea({"rows": 3, "cols": 80})


class AskForm(SpokenForm):
    """What is asked of the person: typed reasons, several at once, and words."""

    reasons = forms.MultipleChoiceField(
        label="Ask for",
        choices=[(key, reason.label) for key, reason in ASK_REASONS.items()],
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": "Choose what you ask for."},
    )
    text = forms.CharField(
        label="In your words",
        required=False,
        max_length=2000,
        widget=TEXT,
        help_text="Goes into the mail as you write it: no names and no numbers of the person.",
    )

    def clean(self) -> dict[str, object]:
        cleaned = super().clean() or {}
        if cleaned.get("reasons") == ["OTHER"] and not cleaned.get("text"):
            self.add_error("text", "Say what you ask for.")
        return cleaned


class RejectForm(SpokenForm):
    """Why an application is turned down."""

    why = forms.ChoiceField(
        label="Reason", choices=[(key, reason[0]) for key, reason in REJECT_REASONS.items()]
    )
    text = forms.CharField(
        label="More for the person",
        required=False,
        max_length=400,
        widget=TEXT,
        help_text="Goes into the mail, and to the person's page, as you write it.",
    )


class AppealAnswerForm(SpokenForm):
    """The answer to an appeal."""

    look_again = forms.BooleanField(
        label="Take it up: open the application again", required=False, widget=forms.CheckboxInput()
    )
    text = forms.CharField(
        label="Answer",
        max_length=2000,
        widget=TEXT,
        help_text="Goes into the mail as you write it.",
        error_messages={"required": "Write the answer."},
    )


class NoteForm(SpokenForm):
    """A note for other staff."""

    text = forms.CharField(
        label="Note",
        max_length=2000,
        widget=TEXT,
        help_text="The person never sees it, but has a right to a copy of what is kept about them.",
        error_messages={"required": "Write the note."},
    )
