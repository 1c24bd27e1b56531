"""When a question is asked, as data: for the server, the browser and the check for completeness. Pure."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from brokerapp.ui.fields import Follows

Answers = Callable[[str], Any]
"""The answer to a question, by the question's name; None or empty if there is none."""


class Condition(ABC):
    """That some answers are such that a question applies. Two are joined by `&`."""

    @property
    @abstractmethod
    def parts(self) -> "tuple[When, ...]":
        """What has to hold, each about one answer."""

    def __call__(self, answers: Answers) -> bool:
        """Whether it holds for these answers."""
        return all(part.is_met(answers) for part in self.parts)

    def __and__(self, other: "Condition") -> "Condition":
        return AllOf((*self.parts, *other.parts))


@dataclass(frozen=True)
class AllOf(Condition):
    """That every part holds; nothing has to without any."""

    parts: "tuple[When, ...]" = ()


@dataclass(frozen=True)
class When(Condition):
    """That the answer to `question` is one of `values`, or none of `not_values` ("" is no answer).

    `words` finish "asked …" for who sees the question without scripts: "if you are employed".
    """

    question: str
    values: tuple[object, ...] = ()
    not_values: tuple[object, ...] = ()
    words: str = ""

    @property
    def parts(self) -> "tuple[When, ...]":
        return (self,)

    def is_met(self, answers: Answers) -> bool:
        """Whether it holds for these answers; of several that were chosen one is enough."""
        given = _as_sent(answers(self.question))
        if self.values:
            return bool(given & {str(value) for value in self.values})
        return not given & {str(value) for value in self.not_values}

    def as_follows(self) -> Follows:
        """The same for the browser."""
        return Follows(
            self.question,
            tuple(str(value) for value in self.values),
            tuple(str(value) for value in self.not_values),
            self.words,
        )


ALWAYS = AllOf()


def is_empty(answer: object) -> bool:
    """Whether this is no answer: False is one."""
    return answer is None or answer in ("", [], {})


def _as_sent(answer: Any) -> set[str]:
    """An answer as browsers send it."""
    if is_empty(answer):
        return {""}
    return {str(one) for one in answer} if isinstance(answer, list) else {str(answer)}
