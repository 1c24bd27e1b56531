"""How every form of the site is rendered, and the forms of display preferences and of staff's reasons."""

from django import forms
from django.forms import BoundField
from django.forms.renderers import TemplatesSetting

from brokerapp.ui import preferences
from brokerapp.ui.fields import Follows
from brokerapp.ui.words import SpokenForm


class ErrorTargetBoundField(BoundField):
    """Knows the id of the control that the error summary links to, and which question it follows."""

    @property
    def followed_name(self) -> str:
        """The names of the controls whose answers decide whether this is asked, "" if it always is."""
        return "&".join(self.form.add_prefix(one.field) for one in self._followed)

    @property
    def followed_values(self) -> str:
        """The answers after which it is asked, of each control."""
        return "&".join("|".join(one.values) for one in self._followed)

    @property
    def followed_not(self) -> str:
        """The answers after which it is not asked, of each control."""
        return "&".join("|".join(one.not_values) for one in self._followed)

    @property
    def _followed(self) -> tuple[Follows, ...]:
        follows = getattr(self.field, "follows", None)
        return (follows, *getattr(self.field, "follows_also", ())) if follows else ()

    @property
    def focus_id(self) -> str:
        """The id of the first control: in a radio group or a date, none has the field's own id."""
        return self.id_for_label or f"{self.auto_id}_0"


class FormRenderer(TemplatesSetting):
    """Django's own templates, with the overrides in `templates/django/forms/`."""

    bound_field_class = ErrorTargetBoundField


class DisplayForm(SpokenForm):
    """Theme, result colors and keyboard shortcuts of this browser."""

    theme = forms.ChoiceField(choices=preferences.THEMES, widget=forms.RadioSelect)
    palette = forms.ChoiceField(
        label="Colors of gains and losses",
        help_text="Signs and arrows are always there as well.",
        choices=preferences.PALETTES,
        widget=forms.RadioSelect,
    )
    shortcuts = forms.ChoiceField(
        label="Keyboard shortcuts",
        help_text="“/” goes to the search field.",
        choices=preferences.SHORTCUTS,
        widget=forms.RadioSelect,
    )


class ReasonForm(SpokenForm):
    """Why a member of staff does something that is kept with its reason."""

    reason = forms.CharField(
        label="Reason",
        min_length=10,
        max_length=500,
        widget=forms.Textarea({"rows": 3, "cols": 80}),
        help_text="A sentence that somebody else understands in a year. Kept for good: nothing personal.",
        error_messages={
            "required": "Say why, in a sentence.",
            "min_length": "Say why in a sentence: this is too short for somebody else to understand.",
        },
    )
