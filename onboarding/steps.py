"""The application's question pages as data: what each asks, when it applies, when it is answered. Pure."""

from collections.abc import Callable
from dataclasses import dataclass

from onboarding import agreements
from onboarding.models import KycApplication

Columns = Callable[[KycApplication], tuple[str, ...]]


def always(application: KycApplication) -> bool:
    """Applies to every application."""
    return True


@dataclass(frozen=True)
class Step:
    """One question page.

    `task` groups pages in the task list; `required` names the columns that must be filled for these answers
    (False is an answer, None and "" are not); `applies_to` says whether the page is asked at all, and
    `still_holds` whether what was answered is still good.
    """

    key: str
    task: str
    title: str
    required: Columns
    applies_to: Callable[[KycApplication], bool] = always
    still_holds: Callable[[KycApplication], bool] = always

    def is_complete(self, application: KycApplication) -> bool:
        """Whether every required column has an answer that still holds."""
        answered = all(
            getattr(application, column) not in (None, "", [], {}) for column in self.required(application)
        )
        return answered and self.still_holds(application)


def columns(*names: str) -> Columns:
    """The same required columns whatever the answers are."""
    return lambda application: names


def has_true_disclosure(application: KycApplication) -> bool:
    """Whether an answer on the disclosures page asks for details (one `context` entry per true flag)."""
    return bool(disclosure_contexts(application))


def disclosure_contexts(application: KycApplication) -> tuple[str, ...]:
    """The `context_type` of each disclosure that needs details."""
    flags = {
        "CONTROLLED_FIRM": application.is_control_person,
        "AFFILIATE_FIRM": application.is_affiliated_exchange_or_finra,
        "IMMEDIATE_FAMILY_EXPOSED": application.immediate_family_exposed,
    }
    return tuple(context for context, flag in flags.items() if flag)


def _identity(application: KycApplication) -> tuple[str, ...]:
    base = ("date_of_birth", "country_of_birth", "country_of_citizenship")
    return base if application.country_of_citizenship == "USA" else (*base, "permanent_resident")


def _work(application: KycApplication) -> tuple[str, ...]:
    if application.employment_status == "EMPLOYED":
        return (
            "employment_status",
            "employer_name",
            "employer_address",
            "employment_position",
            "funding_source",
        )
    return ("employment_status", "funding_source")


def _trusted(application: KycApplication) -> tuple[str, ...]:
    if application.wants_trusted_contact:
        return ("wants_trusted_contact", "trusted_given_name", "trusted_family_name")
    return ("wants_trusted_contact",)


STEPS = (
    Step("name", "About you", "Your legal name", columns("given_name", "family_name")),
    Step(
        "contact",
        "About you",
        "How to reach you",
        columns("phone_number", "street_address", "city", "state", "postal_code"),
    ),
    Step("identity", "Identity", "Date of birth and citizenship", _identity),
    Step("tax-id", "Identity", "Your Social Security number", columns("tax_id")),
    Step("documents", "Identity", "A document that shows who you are", columns("documents_answered")),
    Step("work", "Work and money", "Your work and where your money comes from", _work),
    Step(
        "disclosures",
        "Disclosures",
        "Questions every broker has to ask",
        columns(
            "is_control_person",
            "is_affiliated_exchange_or_finra",
            "is_politically_exposed",
            "immediate_family_exposed",
        ),
    ),
    Step(
        "disclosure-details",
        "Disclosures",
        "Details of what you disclosed",
        columns("disclosure_context"),
        has_true_disclosure,
    ),
    Step("trusted-contact", "Disclosures", "Someone we may call if we worry about you", _trusted),
    Step(
        "agreements",
        "Agreements",
        "Agreements",
        columns("signed_revisions"),
        still_holds=lambda application: agreements.are_current(application.signed_revisions),
    ),
)
BY_KEY = {step.key: step for step in STEPS}


def steps_for(application: KycApplication) -> list[Step]:
    """The pages that these answers lead through, in order."""
    return [step for step in STEPS if step.applies_to(application)]


def incomplete_steps(application: KycApplication) -> list[Step]:
    """The pages that still need an answer, in order."""
    return [step for step in steps_for(application) if not step.is_complete(application)]


class ApplicationIncomplete(Exception):
    """The application cannot be sent yet: `steps` are the pages still to answer."""

    def __init__(self, steps: list[Step]) -> None:
        self.steps = steps
        super().__init__(", ".join(step.title for step in steps))


def check_complete(application: KycApplication) -> None:
    """Raises `ApplicationIncomplete` naming each page that still needs an answer."""
    if missing := incomplete_steps(application):
        raise ApplicationIncomplete(missing)


def next_step(application: KycApplication, after: Step) -> Step | None:
    """The page after `after` for these answers; None after the last."""
    ordered = steps_for(application)
    position = ordered.index(after) + 1 if after in ordered else 0
    return ordered[position] if position < len(ordered) else None


def previous_step(application: KycApplication, before: Step) -> Step | None:
    """The page before `before` for these answers; None before the first."""
    ordered = steps_for(application)
    position = ordered.index(before) if before in ordered else 0
    return ordered[position - 1] if position else None
