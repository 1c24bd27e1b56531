"""The answers of an application as the person reads them before sending. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass

from onboarding.models import KycApplication
from onboarding.questions.descriptions import Page
from onboarding.steps import steps_for


@dataclass(frozen=True)
class AnswerGroup:
    """One page's answers: label and text of each, and the page to change them on."""

    step: Page
    answers: list[tuple[str, str]]


def answers_to_check(application: KycApplication) -> list[AnswerGroup]:
    """Each page that applies, with its answers in words. The tax id is shown by its last four digits only."""
    return [AnswerGroup(page, answers_of(page, application)) for page in steps_for(application)]


def answers_of(page: Page, application: KycApplication) -> list[tuple[str, str]]:
    """Label and text of each answer on a page."""
    return page.read(application) if page.read else list(_rows(page, application))


def _rows(page: Page, application: KycApplication) -> Iterator[tuple[str, str]]:
    """One row for each question that was asked, or for those that are read together."""
    rows_of = {name: row for row in page.rows for name in row.names}
    shown = []
    for question in page.asked(application.answer):
        row = rows_of.get(question.name)
        if row is None and question.ask:
            yield question.short or question.label, question.read(application.answer(question.name))
        if row and row not in shown:
            shown.append(row)
            yield row.label, row.read(application)
    for row in page.rows:
        if not row.names:
            yield row.label, row.read(application)
