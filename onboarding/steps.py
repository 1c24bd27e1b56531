"""The way through the pages: which are asked, which still need an answer, which is next. Pure."""

from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.questions.descriptions import Page


def steps_for(application: KycApplication) -> list[Page]:
    """The pages that these answers lead through, in order."""
    return [page for page in PAGES.values() if page.applies_to(application)]


def incomplete_steps(application: KycApplication) -> list[Page]:
    """The pages that still need an answer, in order."""
    return [page for page in steps_for(application) if not page.is_complete(application)]


class ApplicationIncomplete(Exception):
    """The application cannot be sent yet: `steps` are the pages still to answer."""

    def __init__(self, steps: list[Page]) -> None:
        self.steps = steps
        super().__init__(", ".join(step.title for step in steps))


def check_complete(application: KycApplication) -> None:
    """Raises `ApplicationIncomplete` naming each page that still needs an answer."""
    if missing := incomplete_steps(application):
        raise ApplicationIncomplete(missing)


def needed_before(application: KycApplication, page: Page) -> Page | None:
    """The first page that has to be complete before this one can be opened, and is not."""
    return next((earlier for earlier in incomplete_steps(application) if earlier.key in page.after), None)


def next_step(application: KycApplication, after: Page) -> Page | None:
    """The page after `after` for these answers; None after the last."""
    ordered = steps_for(application)
    position = ordered.index(after) + 1 if after in ordered else 0
    return ordered[position] if position < len(ordered) else None


def previous_step(application: KycApplication, before: Page) -> Page | None:
    """The page before `before` for these answers; None before the first."""
    ordered = steps_for(application)
    position = ordered.index(before) if before in ordered else 0
    return ordered[position - 1] if position else None


def wrong_today(application: KycApplication) -> list[tuple[str, str]]:
    """The questions whose answers were taken then and would not be today, each with why, on all pages."""
    return [found for page in steps_for(application) for found in page.wrong_today(application.answer)]
