"""Questions are described once: a made-up one, added in one place, is everywhere; what conditions mean."""

import json
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from brokerapp.accounts.models import User
from brokerapp.privacy import services as privacy
from brokerapp.security.known_values import known_values
from onboarding import payloads, steps
from onboarding.models import KycApplication
from onboarding.questions import catalogue, conditions, fields
from onboarding.questions.catalogue import PAGES
from onboarding.questions.conditions import When
from onboarding.questions.descriptions import Page, Question
from onboarding.services import applications
from tests.factories import KycApplicationFactory, StaffFactory
from tests.onboarding.conftest import step

SHOES = Question(
    "shoe_size",
    "Which size are your shoes?",
    ask=fields.line(max_length=40),
    short="Shoe size",
    help="The broker likes to know.",
    missing="Enter the size of your shoes.",
    when=When("employment_status", ("EMPLOYED", "STUDENT"), words="if you work or study"),
    sent="additional_information",
    send="size {}".format,
    identifies=True,
)
WORK = {"employment_status": "STUDENT", "funding_source": ["savings"]}


@pytest.fixture
def shoes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The made-up question, added in one place."""
    page = PAGES["work"]
    monkeypatch.setitem(PAGES, "work", replace(page, questions=(*page.questions, SHOES)))


@pytest.mark.django_db
@pytest.mark.usefixtures("shoes")
def test_question_added_in_one_place_is_on_page_check_page_payload_and_export(
    signed_in: Client, user: User
) -> None:
    application = KycApplicationFactory.create(user=user)
    assert [page.key for page in steps.incomplete_steps(application)] == ["work"]
    page = signed_in.get(step("work")).content.decode()
    for words in (
        SHOES.label,
        SHOES.help,
        "(if you work or study)",
        'data-follows-values="EMPLOYED|STUDENT"',
    ):
        assert words in page
    refused = signed_in.post(step("work"), WORK).content.decode()
    assert SHOES.missing in refused
    signed_in.post(reverse("apply_check"))
    application.refresh_from_db()
    assert application.is_editable  # not sent without the answer

    signed_in.post(step("work"), {**WORK, "shoe_size": "44 narrow"})
    assert 'value="44 narrow"' in signed_in.get(step("work")).content.decode()
    check = signed_in.get(reverse("apply_check")).content.decode()
    assert "<dt>Shoe size</dt><dd>44 narrow</dd>" in check
    application.refresh_from_db()
    signed = list(application.agreements.all())
    assert payloads.account_request(application, signed).body()["additional_information"] == "size 44 narrow"
    text = privacy.export(person=user, by=StaffFactory.create(), reason="asked by mail", now=timezone.now())
    exported = json.loads(text)
    assert exported["held"]["onboarding.KycApplication"][0]["answers"]["shoe_size"] == "44 narrow"
    assert (
        exported["applications"][str(application.pk)]["Your work and where your money comes from"][
            "Shoe size"
        ]
        == "44 narrow"
    )
    assert "44 narrow" in (known_values(user.pk) or ())


@pytest.mark.django_db
@pytest.mark.usefixtures("shoes")
def test_answer_to_a_question_that_is_not_asked_any_more_is_forgotten(signed_in: Client, user: User) -> None:
    application = KycApplicationFactory.create(user=user)
    signed_in.post(step("work"), {**WORK, "shoe_size": "44"})
    signed_in.post(
        step("work"), {"employment_status": "RETIRED", "funding_source": ["savings"], "shoe_size": "x" * 99}
    )
    application.refresh_from_db()
    assert application.answer("shoe_size") is None
    assert steps.incomplete_steps(application) == []
    assert "additional_information" not in payloads.account_request(application, []).body()


@pytest.mark.django_db
@pytest.mark.usefixtures("shoes")
def test_answers_are_encrypted(user: User) -> None:
    application = KycApplicationFactory.create(user=user)
    applications.save_answers(application=application, answers={"shoe_size": "44 narrow"})
    (stored,) = KycApplication.objects.values_list("answers", flat=True)
    assert str(stored) == "(encrypted)"


@pytest.mark.django_db
def test_page_that_follows_answers_elsewhere_forgets_when_those_change(
    monkeypatch: pytest.MonkeyPatch, user: User
) -> None:
    hobby = Question("hobby", "Your hobby", ask=fields.line())
    page = Page("hobby", "About you", "Your hobby", (hobby,), when=When("employment_status", ("RETIRED",)))
    monkeypatch.setitem(PAGES, "hobby", page)
    application = KycApplicationFactory.create(user=user, employment_status="RETIRED")
    assert [page.key for page in steps.incomplete_steps(application)] == ["hobby"]
    applications.save_answers(application=application, answers={"hobby": "chess"})
    application.refresh_from_db()
    assert steps.incomplete_steps(application) == []
    applications.save_answers(application=application, answers={"employment_status": "UNEMPLOYED"})
    application.refresh_from_db()
    assert application.answer("hobby") is None
    assert application.answer("employer_name") == ""


def answers(**given: Any) -> conditions.Answers:
    return given.get


def test_when_takes_browsers_values_and_ours() -> None:
    yes = When("wanted", (True,))
    assert yes(answers(wanted=True))
    assert not yes(answers(wanted=False))
    assert not yes(answers())
    abroad = When("country", not_values=("", "USA"))
    assert abroad(answers(country="FRA"))
    assert not abroad(answers(country="USA"))
    assert not abroad(answers())
    assert When("sources", ("family",))(answers(sources=["savings", "family"]))
    assert conditions.ALWAYS(answers())


def test_conditions_are_joined() -> None:
    both = When("a", ("1",)) & When("b", not_values=("2",)) & When("c", ("3",))
    assert both(answers(a="1", b="1", c="3"))
    assert not both(answers(a="1", b="2", c="3"))
    assert [part.question for part in both.parts] == ["a", "b", "c"]


def test_question_that_follows_one_that_follows_tells_the_browser_of_both() -> None:
    first = Question("first", "First", ask=fields.yes_no)
    second = Question("second", "Second", ask=fields.yes_no, when=When("first", (True,), words="if so"))
    third = Question(
        "third", "Third", ask=fields.line(), when=When("second", (False,)) & When("sent", ("x",))
    )
    page = Page("made-up", "", "", (first, second, third))
    assert [question.name for question, _ in page.on_the_form(answers(sent="y"))] == ["first", "second"]
    *_, (_, field) = page.on_the_form(answers(sent="x"))
    followed = [field.follows, *field.follows_also]  # type: ignore[attr-defined]
    assert [(one.field, one.values) for one in followed] == [("second", ("False",)), ("first", ("True",))]


def test_names_of_questions_are_theirs_alone() -> None:
    names = [question.name for _, question in catalogue.every_question()]
    assert len(names) == len(set(names))
    ours = {"id", "user", "account", "status", "answers", "email_address", "submitted_at", "tax_id_last4"}
    assert not ours & set(names)


def test_what_a_question_follows_is_asked_on_its_page_or_before() -> None:
    asked: set[str] = set()
    for page in PAGES.values():
        asked |= {question.name for question in page.questions}
        conditions_of = [page.when, *(question.when for question in page.questions)]
        for condition in conditions_of:
            parts = condition.parts if isinstance(condition, conditions.Condition) else ()
            assert {part.question for part in parts} <= asked, page.key


def test_every_required_question_says_what_is_missing() -> None:
    for _, question in catalogue.every_question():
        if question.ask and question.required:
            assert question.field().error_messages["required"].startswith(("Enter ", "Choose ", "Answer "))
