"""All pages of the application, in order, and what they ask of one person."""

from collections.abc import Iterator

from onboarding.models import KycApplication
from onboarding.questions import (
    child,
    disclosures,
    eligibility,
    finances,
    foreign,
    investing,
    person,
    retirement,
    visa,
    work,
)
from onboarding.questions.conditions import is_empty
from onboarding.questions.descriptions import Page, Question

PAGES: dict[str, Page] = {
    page.key: page
    for page in (
        eligibility.ELIGIBILITY,
        child.CUSTODY,
        child.CHILD,
        child.ACCOUNT_EMAIL,
        person.NAME,
        person.LOCAL_NAME,
        person.CONTACT,
        person.BIRTH,
        visa.VISA,
        person.TAX_ID,
        foreign.FOREIGN_TAX_ID,
        person.DOCUMENTS,
        work.WORK,
        finances.FINANCES,
        investing.INVESTING,
        retirement.RETIREMENT,
        retirement.BENEFICIARIES,
        retirement.BENEFICIARY_DETAILS,
        disclosures.DISCLOSURES,
        disclosures.DETAILS,
        disclosures.TRUSTED_CONTACT,
        foreign.W8BEN,
        disclosures.AGREEMENTS,
    )
}
"""By their keys, which are in their addresses."""


def every_question() -> Iterator[tuple[Page, Question]]:
    """Each question with its page, asked of this person or not."""
    for page in PAGES.values():
        for question in page.questions:
            yield page, question


def asked(application: KycApplication) -> list[Question]:
    """The questions that this person's answers lead to, on all pages."""
    return [question for page in PAGES.values() for question in page.asked(application.answer)]


def forget_what_is_not_asked(application: KycApplication) -> list[str]:
    """Take out answers to questions that other answers do not lead to any more; returns the columns changed.

    In the order of the pages: what follows an answer that is taken out is taken out as well.
    """
    changed: list[str] = []
    for page in PAGES.values():
        for question in page.questions:
            is_asked = page.when(application.answer) and question.when(application.answer)
            if not is_asked and not is_empty(application.answer(question.name)):
                changed += application.keep_answers({question.name: None})
    return changed
