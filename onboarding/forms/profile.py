"""The forms by which an account's owner changes a part of their profile."""

from collections.abc import Collection
from typing import Any, ClassVar

from django import forms
from django.core import signing

from brokerapp.ui.fields import Follows, asked_after
from onboarding import agreements
from onboarding.forms.disclosures import REVISED, AllDisclosuresForm
from onboarding.forms.papers import TakesPaper, paper_field
from onboarding.forms.personal import ContactForm, NameForm
from onboarding.forms.step import StepForm
from onboarding.models import KycApplication
from onboarding.profile import PARTS, Part
from onboarding.questions import fields
from onboarding.questions.conditions import is_empty

STAYS = "The broker keeps this once it has it. Choose another answer, or leave the page."
KEEPS_CONTACT = "A trusted contact can be changed here but not taken away. Contact support for that."
NO_PAPER = "Add a photo or scan of this paper."


class ProfileForm(TakesPaper, StepForm):
    """One part of the profile; what is not typed anew stays. `signed`: agreements that were signed before."""

    part: ClassVar[Part]

    def __init__(
        self,
        data: Any = None,
        files: Any = None,
        *,
        application: KycApplication,
        signed: Collection[str] = (),
    ) -> None:
        super().__init__(data, files, application=application)
        for question in self.questions:
            field = self.fields[question.name]
            is_kept = isinstance(field, forms.ChoiceField) and bool(question.sent)
            if is_kept and not field.required and not is_empty(application.answer(question.name)):
                field.required = not question.when.parts
                field.error_messages["required"] = STAYS
        if self.part.paper:
            self.fields["file"] = paper_field(self.part.paper, required=True, missing=NO_PAPER)
        self.wanted = None if self.part.agreement in signed else self._agreement()
        if self.wanted:
            self._ask_to_agree(self.wanted)

    def _agreement(self) -> agreements.AgreementText | None:
        return agreements.text_of(self.part.agreement) if self.part.agreement else None

    def _ask_to_agree(self, wanted: agreements.AgreementText) -> None:
        self.salt = f"profile:{self.part.key}:{self.application.pk}"
        agreed = forms.BooleanField(
            label=f"I have read and agree to the {wanted.title}", help_text=wanted.summary, required=False
        )
        asked = self.questions[0].name
        if self._can_be_answered_no(asked):
            asked_after(agreed, Follows(asked, ("True",), words="if you answer Yes"))
        self.fields["agreed"] = agreed
        self.fields["shown"] = forms.CharField(widget=forms.HiddenInput, required=False)
        self.initial["shown"] = signing.dumps(wanted.revision, salt=self.salt)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        had_contact = self.application.wants_trusted_contact
        if had_contact and cleaned.get("wants_trusted_contact") is False:
            self.add_error("wants_trusted_contact", KEEPS_CONTACT)
        if self.wanted and self._says_yes(cleaned):
            self._check_consent(self.wanted, cleaned)
        return cleaned

    def _can_be_answered_no(self, name: str) -> bool:
        """Whether a question is one of Yes and No, and so one that needs no agreement for No."""
        return getattr(self.fields[name], "choices", None) == list(fields.YES_NO)

    def _says_yes(self, cleaned: dict[str, Any]) -> bool:
        """Whether the first question is answered by what the agreement is needed for."""
        return bool(cleaned.get(self.questions[0].name))

    def _check_consent(self, wanted: agreements.AgreementText, cleaned: dict[str, Any]) -> None:
        try:
            shown = signing.loads(cleaned.get("shown", ""), salt=self.salt)
        except signing.BadSignature:
            shown = ""
        if not cleaned.get("agreed"):
            can_say_no = self._can_be_answered_no(self.questions[0].name)
            otherwise = ", or choose No." if can_say_no else ". The broker allows no level without it."
            self.add_error("agreed", f"Tick this to agree to the {wanted.title}{otherwise}")
        elif shown != wanted.revision:
            again = {name: self.data[name] for name in self.data if name != "agreed"}
            self.data = again | {"shown": signing.dumps(wanted.revision, salt=self.salt)}
            self.add_error("agreed", REVISED.format(wanted.title, wanted.revision))

    def agreed_to(self) -> agreements.AgreementText | None:
        """The agreement that is signed with this change; None if none is."""
        return self.wanted if self.wanted and self._says_yes(self.cleaned_data) else None

    def changes(self) -> dict[str, Any]:
        """The answers that are others than before, by their questions' names; None for what was taken out."""
        given = {name: self.cleaned_data[name] for name in self.part.names if name in self.cleaned_data}
        # A box that is not ticked is no answer.
        ticks = [name for name in given if isinstance(self.fields.get(name), forms.BooleanField)]
        given |= {name: given[name] or None for name in ticks}
        before = {name: self.application.answer(name) for name in given}
        return {
            name: None if is_empty(answer) else answer
            for name, answer in given.items()
            if not (is_empty(answer) and is_empty(before[name])) and answer != before[name]
        }


PECULIAR: dict[str, type[StepForm]] = {
    "name": NameForm,
    "address": ContactForm,
    "phone": ContactForm,
    "disclosures": AllDisclosuresForm,
}


def form_of(part: Part) -> type[ProfileForm]:
    """The form of a part."""
    bases = (ProfileForm, PECULIAR[part.key]) if part.key in PECULIAR else (ProfileForm,)
    name = "".join(word.capitalize() for word in part.key.split("-"))
    members = {
        "key": part.key,
        "part": part,
        "page": part.page,
        "__module__": __name__,
        "__doc__": part.title,
    }
    return type(f"{name}ProfileForm", bases, members)


FORMS = {key: form_of(part) for key, part in PARTS.items()}
"""By the keys of the parts."""
