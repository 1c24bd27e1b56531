"""The form of one page, made from the descriptions of its questions."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django import forms

from brokerapp.ui.words import SpokenForm
from onboarding import rules
from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.questions.conditions import is_empty
from onboarding.questions.descriptions import Page, Question


class StepForm(SpokenForm):
    """A page of the application: `answers()` are the answers to save, by the names of their questions.

    `key` is the page's. What is peculiar to a page is in a subclass; of the others, `form_of` makes one.
    """

    key: ClassVar[str]

    def __init__(self, data: Any = None, files: Any = None, *, application: KycApplication) -> None:
        self.application = application
        shown = self.page.on_the_form(application.answer)
        self.questions = [question for question, _ in shown]
        super().__init__(data, files, initial=self.saved_answers())
        self.fields |= {question.name: field for question, field in shown}

    @property
    def particulars(self) -> Sequence[tuple[str, str]]:
        """What the page says before it asks: label and text of each line."""
        return ()

    @property
    def page(self) -> Page:
        """The description of this page."""
        return PAGES[self.key]

    def saved_answers(self) -> dict[str, Any]:
        """What the fields show before anything is typed."""
        return {question.name: self.application.answer(question.name) for question in self.questions}

    def groups(self) -> list[tuple[str, list[forms.BoundField]]]:
        """The fields as the page shows them: each group with its heading, "" for those without."""
        return [("", self.visible_fields())]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for question in self.questions:
            if question.when(self.answer):
                self._check(question)
            else:
                self._forget(question)
        for name, message in self.page.check(cleaned).items():
            if name not in self.errors:
                self.add_error(name, message)
        return cleaned

    def answer(self, name: str) -> Any:
        """An answer as it was just given, or as it was saved if it is asked on another page."""
        if name in self.fields:
            return self.cleaned_data.get(name)
        return self.application.answer(name)

    def _check(self, question: Question) -> None:
        """Whether the answer to a question that is asked is there, and one that we take."""
        if question.name not in self.cleaned_data:
            return
        answer = self.cleaned_data[question.name]
        if is_empty(answer):
            if question.required and not self._may_stay_empty(question):
                self.add_error(question.name, self.fields[question.name].error_messages["required"])
            return
        if question.rule:
            try:
                question.rule(answer)
            except rules.AnswerRefused as refusal:
                self.add_error(question.name, str(refusal))

    def _may_stay_empty(self, question: Question) -> bool:
        """Whether an answer that is left out is the one that was saved."""
        return False

    def _forget(self, question: Question) -> None:
        """Take an answer out, and what was wrong with it, to a question that is not asked."""
        self.errors.pop(question.name, None)
        self.cleaned_data[question.name] = self.fields[question.name].clean(None)

    def answers(self) -> dict[str, Any]:
        """The answers by their questions' names, after `is_valid()`."""
        given = {question.name: self.cleaned_data[question.name] for question in self.questions}
        return {**given, self.page.seen: True} if self.page.seen else given


def form_of(page: Page) -> type[StepForm]:
    """The form of a page that has nothing peculiar."""
    name = "".join(word.capitalize() for word in page.key.split("-"))
    return type(f"{name}Form", (StepForm,), {"key": page.key, "__module__": __name__, "__doc__": page.title})
