from itertools import pairwise

from onboarding.models import KycApplication
from onboarding.questions.catalogue import PAGES
from onboarding.steps import incomplete_steps, next_step, previous_step, steps_for
from tests.factories import KycApplicationFactory


def keys(application: KycApplication) -> list[str]:
    return [step.key for step in steps_for(application)]


def test_steps_for_asks_details_only_after_a_yes() -> None:
    assert "disclosure-details" not in keys(KycApplication(is_control_person=False))
    assert "disclosure-details" in keys(KycApplication(is_control_person=True))


def test_incomplete_steps_takes_no_for_an_answer() -> None:
    answered = KycApplication(
        is_control_person=False,
        is_affiliated_exchange_or_finra=False,
        is_politically_exposed=False,
        immediate_family_exposed=False,
        wants_trusted_contact=False,
    )
    missing = [step.key for step in incomplete_steps(answered)]
    assert "disclosures" not in missing
    assert "trusted-contact" not in missing
    assert "name" in missing


def test_incomplete_steps_reopens_work_when_the_answer_becomes_employed() -> None:
    student = KycApplication(employment_status="STUDENT", funding_source=["family"])
    assert PAGES["work"].is_complete(student)
    student.employment_status = "EMPLOYED"
    assert not PAGES["work"].is_complete(student)


def test_next_and_previous_step_walk_the_same_list() -> None:
    application = KycApplication(immediate_family_exposed=True)
    ordered = steps_for(application)
    assert next_step(application, PAGES["disclosures"]) is PAGES["disclosure-details"]
    assert previous_step(application, ordered[0]) is None
    assert next_step(application, ordered[-1]) is None
    assert all(previous_step(application, later) is earlier for earlier, later in pairwise(ordered))


def test_incomplete_steps_of_a_changed_branch() -> None:
    application = KycApplicationFactory.build(user=None, email_address="", signed_revisions={"x": "y"})
    complete = {page.key for page in incomplete_steps(application)}
    assert complete == {"agreements"}  # of another revision
    application.country_of_citizenship = "IND"
    assert {page.key for page in incomplete_steps(application)} - complete == {"eligibility", "local-name"}
    application.permanent_resident = False
    opened = {page.key for page in incomplete_steps(application)} - complete
    assert opened == {"eligibility", "local-name", "visa"}
    application.country_of_citizenship = "USA"
    assert {page.key for page in incomplete_steps(application)} == complete


def test_page_that_may_be_left_empty_is_to_be_seen() -> None:
    application = KycApplicationFactory.build(user=None, email_address="", answers={})
    assert {"finances", "investing"} <= {page.key for page in incomplete_steps(application)}
