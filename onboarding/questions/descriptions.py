"""What a question and a page of questions are. Pure: nothing here reads or writes a row."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from django import forms

from brokerapp.ui.fields import Follows, asked_after
from onboarding import rules
from onboarding.kinds import is_owner_known
from onboarding.models import KycApplication
from onboarding.questions import reading
from onboarding.questions.conditions import ALWAYS, Answers, Condition, When, is_empty

Sent = Callable[[Any], Any]


OF_OWNER = ("contact.", "identity.")
"""Members of the request that are about the owner and not about the account."""


def as_it_is(answer: Any) -> Any:
    """Sent as it was answered."""
    return answer


def nothing_wrong(cleaned: Mapping[str, Any]) -> dict[str, str]:
    """A page whose answers have no rule between them."""
    return {}


def always(answers: Answers) -> bool:
    """What holds whatever was answered."""
    return True


@dataclass(frozen=True)
class Question:
    """One question, and all that is made of its answer.

    `name` is the answer's: a column of `KycApplication` where there is one, else a member of its `answers`.
    `ask` makes the form's field, without label; None if the page's own form asks. `missing` is said when a
    required answer is left out, `rule` raises `rules.AnswerRefused` for an answer that we do not take. `sent`
    is where the broker is told, as a path in the body of `POST /v1/accounts`; of several paths `send` gives a
    value each, and `nothing` is sent where an answer is taken out later. `short` and `read` are label and
    text on the page where answers are checked. `identifies`: the answer tells who somebody is, so it is taken
    out of what others write about them. `of_owner`: it is about the owner and not about the account; of what
    is sent, `sent` says so.
    """

    name: str
    label: str
    ask: Callable[[], forms.Field] | None = None
    short: str = ""
    help: str = ""
    required: bool = True
    missing: str = ""
    when: Condition = ALWAYS
    rule: Callable[[Any], None] | None = None
    sent: str | tuple[str, ...] = ()
    send: Sent = as_it_is
    nothing: Any = ""
    read: Callable[[Any], str] = reading.plainly
    identifies: bool = False
    of_owner: bool = False

    def field(self) -> forms.Field:
        """The form's field. Raises `TypeError` for a question that the page's own form asks."""
        if self.ask is None:
            raise TypeError(f"{self.name} is asked by the form of its page.")
        field = self.ask()
        field.label, field.help_text = self.label, self.help
        field.required = field.widget.is_required = self.required
        if self.missing:
            field.error_messages["required"] = self.missing
        return field

    @property
    def is_about_owner(self) -> bool:
        """Whether it is about the owner and not about the account."""
        paths = (self.sent,) if isinstance(self.sent, str) else self.sent
        return self.of_owner or (bool(self.sent) and all(path.startswith(OF_OWNER) for path in paths))

    def is_known_already(self, answers: Answers) -> bool:
        """Whether it was answered for the owner's other account, which a further one names."""
        return self.is_about_owner and is_owner_known(answers)

    @cached_property
    def _is_day(self) -> bool:
        """Whether its answer is a date, which may be kept as text."""
        return self.ask is not None and isinstance(self.field(), forms.DateField)

    def wrong_today(self, answer: Any) -> str:
        """Why an answer of then is none that we take today: a visa has ended, say; "" if it is."""
        if self.rule is None or is_empty(answer):
            return ""
        try:
            self.rule(date.fromisoformat(answer) if self._is_day and isinstance(answer, str) else answer)
        except rules.AnswerRefused as refusal:
            return str(refusal)
        return ""

    def values_to_send(self, answer: Any) -> Iterator[tuple[str, Any]]:
        """Path and value of each member of the request that this answer makes; empty ones are left out."""
        if is_empty(answer) or not self.sent:
            return
        several = isinstance(self.sent, tuple)
        values = self.send(answer) if several else (self.send(answer),)
        paths = self.sent if isinstance(self.sent, tuple) else (self.sent,)
        for path, value in zip(paths, values, strict=True):
            if not is_empty(value):
                yield path, value


@dataclass(frozen=True)
class Row:
    """Several answers that are checked as one: shown where the first of `names` stands; without any, last."""

    label: str
    names: tuple[str, ...]
    read: Callable[[KycApplication], str]


@dataclass(frozen=True)
class Page:
    """One page of questions.

    `task` groups pages in the task list, `why` tells the person why it is asked. `when` says whether the page
    is asked at all; `check` gives what is wrong between its answers, by name; `still_holds` whether what was
    answered is still good. `after` are the keys of pages that have to be complete before it can be opened, as
    it shows what is answered there. `rows` join answers where they are checked; `read` replaces them.
    `facts` gives headings and texts of what to know before one answers.
    """

    key: str
    task: str
    title: str
    questions: tuple[Question, ...]
    why: str = ""
    when: Callable[[Answers], bool] = ALWAYS
    check: Callable[[Mapping[str, Any]], dict[str, str]] = nothing_wrong
    still_holds: Callable[[Answers], bool] = always
    after: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    facts: Callable[[], list[tuple[str, str]]] | None = None
    read: Callable[[KycApplication], list[tuple[str, str]]] | None = None

    @property
    def seen(self) -> str:
        """The name under which it is kept that a page was gone through that may be left empty; "" if not."""
        is_optional = not any(question.required for question in self.questions)
        return f"{self.key.replace('-', '_')}_answered" if is_optional else ""

    def applies_to(self, application: KycApplication) -> bool:
        """Whether this person is asked it."""
        answers = application.answer
        if not self.when(answers):
            return False
        return not is_owner_known(answers) or not self.questions or bool(self.asked(answers))

    def asked(self, answers: Answers) -> list[Question]:
        """The questions that these answers lead to, in order; none if the page does not apply."""
        if not self.when(answers):
            return []
        return [
            question
            for question in self.questions
            if question.when(answers) and not question.is_known_already(answers)
        ]

    def on_the_form(self, answers: Answers) -> list[tuple[Question, forms.Field]]:
        """The questions that the form shows, with their fields: also those that follow an answer on it."""
        shown = []
        for question in self.questions:
            elsewhere = [part for part in question.when.parts if not self._has(part.question)]
            if question.is_known_already(answers):
                continue
            if question.ask is None or not all(part.is_met(answers) for part in elsewhere):
                continue
            field = question.field()
            if follows := self._follows(question):
                asked_after(field, *follows)
            shown.append((question, field))
        return shown

    def is_complete(self, application: KycApplication) -> bool:
        """Whether every question that is asked and required has an answer that still holds."""
        required = [question.name for question in self.asked(application.answer) if question.required]
        names = [*required, self.seen] if self.seen else required
        answered = all(not is_empty(application.answer(name)) for name in names)
        return answered and self.still_holds(application.answer) and not self.wrong_today(application.answer)

    def wrong_today(self, answers: Answers) -> list[tuple[str, str]]:
        """The questions whose answer is none that we take any more, each with why."""
        asked = [(question, answers(question.name)) for question in self.asked(answers)]
        alone = {question.name: question.wrong_today(answer) for question, answer in asked}
        together = self.check({question.name: answer for question, answer in asked if not is_empty(answer)})
        wrong = {**together, **{name: why for name, why in alone.items() if why}}
        labels = {question.name: question.short or question.label for question, _ in asked}
        return [(label, wrong[name]) for name, label in labels.items() if name in wrong]

    def _has(self, name: str) -> bool:
        return any(question.name == name for question in self.questions)

    def _follows(self, question: Question) -> list[Follows]:
        """What the browser goes by: the answers on this page that it follows, and what those follow."""
        return [part.as_follows() for part in dict.fromkeys(self._parts_here(question))]

    def _parts_here(self, question: Question) -> Iterator[When]:
        for part in question.when.parts:
            for followed in self.questions:
                if followed.name == part.question:
                    yield part
                    yield from self._parts_here(followed)
