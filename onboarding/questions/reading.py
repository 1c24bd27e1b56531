"""Answers as words, for the page where they are checked. Pure."""

from collections.abc import Callable, Iterable
from datetime import date
from typing import Any

from django.utils.dateformat import format as format_date
from localflavor.us.us_states import STATE_CHOICES

from onboarding.questions.fields import country_choices

Choices = Iterable[tuple[str, str]]


def plainly(answer: Any) -> str:
    """Text as it is, Yes and No, and nothing for no answer."""
    if isinstance(answer, bool):
        return "Yes" if answer else "No"
    return "" if answer is None else str(answer)


def among(choices: Choices) -> Callable[[Any], str]:
    """The labels of what was chosen."""
    labels: dict[Any, str] = dict(choices)

    def read(answer: Any) -> str:
        keys = answer if isinstance(answer, list) else [answer]
        return ", ".join(str(labels.get(key, key)) for key in keys if key)

    return read


def country(alpha3: str | None) -> str:
    """A country's name."""
    return dict(country_choices()).get(alpha3, alpha3) if alpha3 else ""


def state(code: str) -> str:
    """A state's name."""
    return str(dict(STATE_CHOICES).get(code, code))


def day(answer: date | str | None) -> str:
    """A date as March 31, 1985; also one that was kept as text."""
    if not answer:
        return ""
    return format_date(date.fromisoformat(answer) if isinstance(answer, str) else answer, "F j, Y")


def joined(*parts: str | None, by: str = ", ") -> str:
    """The parts that there are, with something between them."""
    return by.join(part for part in parts if part)
