"""Forms of a profile: what they take for a change, and which parts there are for whom."""

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from onboarding.agreements import text_of
from onboarding.forms.profile import FORMS
from onboarding.models import KycApplication
from onboarding.profile import PARTS, due_papers, parts_for
from tests.brokerapp.security.uploads.samples import passport
from tests.onboarding import abroad
from tests.onboarding.profiles import MOVED, ON_A_VISA, body, form, person


def test_changes_are_what_is_no_longer_as_it_was() -> None:
    moved = form("address", MOVED)
    assert moved.is_valid(), moved.errors
    assert moved.changes() == {name: value for name, value in MOVED.items() if value}
    same = {
        **MOVED,
        "street_address": "20 N San Mateo Dr",
        "city": "San Mateo",
        "state": "CA",
        "postal_code": "94401",
    }
    stays = form("address", same)
    assert stays.is_valid()
    assert stays.changes() == {}


def test_changes_of_an_answer_that_is_taken_out() -> None:
    left_out = form("address", MOVED, person(unit="Apt 1"))
    assert left_out.is_valid()
    assert left_out.changes()["unit"] is None


def test_form_of_finances_keeps_what_was_answered_once() -> None:
    rich = person(annual_income="50000-100000")
    assert set(form("finances", {"annual_income": ""}, rich).errors) == {"annual_income"}
    assert form("finances", {"annual_income": "25000-50000"}, rich).is_valid()


def test_form_of_the_name_wants_a_paper() -> None:
    typed = {"given_name": "Ada", "family_name": "King"}
    assert set(form("name", typed).errors) == {"file"}
    files = {"file": SimpleUploadedFile("passport.pdf", passport())}
    with_paper = FORMS["name"](typed, files, application=person())  # type: ignore[arg-type]
    assert with_paper.is_valid(), with_paper.errors
    assert with_paper.changes() == {"family_name": "King"}


def test_form_of_the_trusted_contact_cannot_take_one_away() -> None:
    friend = {
        "wants_trusted_contact": True,
        "trusted_given_name": "Sam",
        "trusted_family_name": "Friend",
        "trusted_email_address": "sam@example.com",
    }
    assert set(form("trusted-contact", {"wants_trusted_contact": "False"}, person(**friend)).errors) == {
        "wants_trusted_contact"
    }


@pytest.mark.parametrize(
    ("key", "yes"),
    [
        ("margin", {"wants_margin": "True", "wants_shorting": "False"}),
        ("crypto", {"wants_crypto": "True"}),
        ("options", {"options_level": "2"}),
    ],
)
def test_form_of_a_preference_is_signed_for_and_never_ticked_before(key: str, yes: dict[str, str]) -> None:
    empty = FORMS[key](application=KycApplication())
    assert "checked" not in empty.as_p()
    # Where No is an answer, the agreement is asked for after Yes only.
    follows = getattr(empty.fields["agreed"], "follows", None)
    assert (follows is None) is (key == "options")
    assert "Optional" not in empty.fields["agreed"].help_text
    refused = form(key, yes)
    assert set(refused.errors) == {"agreed"}
    assert ("choose No" in str(refused.errors["agreed"])) is (key != "options")
    unseen = form(key, {**yes, "agreed": "on"})
    assert "is now at revision" in unseen.errors["agreed"][0]
    application = person()
    shown = FORMS[key](application=application).initial["shown"]
    signed = form(key, {**yes, "agreed": "on", "shown": shown}, application)
    assert signed.is_valid(), signed.errors
    assert signed.agreed_to() == text_of(PARTS[key].agreement)
    again = form(key, yes, signed={PARTS[key].agreement})
    assert again.is_valid(), again.errors
    assert again.agreed_to() is None


def test_form_of_disclosures_asks_for_the_details_of_each_yes_and_of_no_other() -> None:
    no = dict.fromkeys(
        (
            "is_control_person",
            "is_affiliated_exchange_or_finra",
            "is_politically_exposed",
            "immediate_family_exposed",
        ),
        "False",
    )
    firm = {
        "CONTROLLED_FIRM-company_name": "Initech",
        "CONTROLLED_FIRM-company_street_address": "1 Main St",
        "CONTROLLED_FIRM-company_city": "Austin",
        "CONTROLLED_FIRM-company_country": "USA",
        "CONTROLLED_FIRM-company_compliance_email": "legal@initech.com",
    }
    assert form("disclosures", no).is_valid()
    assert form("disclosures", no).fields["CONTROLLED_FIRM-company_name"].required is False
    bare = form("disclosures", no | {"is_control_person": "True"})
    assert set(bare.errors) == set(firm)
    stateless = form("disclosures", no | {"is_control_person": "True"} | firm)
    assert set(stateless.errors) == {"CONTROLLED_FIRM-company_state"}
    whole = form(
        "disclosures", no | {"is_control_person": "True"} | firm | {"CONTROLLED_FIRM-company_state": "TX"}
    )
    assert whole.is_valid(), whole.errors
    entry = {name.partition("-")[2]: value for name, value in firm.items()}
    assert whole.changes() == {
        "is_control_person": True,
        "disclosure_context": [{"context_type": "CONTROLLED_FIRM", **entry, "company_state": "TX"}],
    }
    unasked = form("disclosures", no | {"CONTROLLED_FIRM-company_compliance_email": "not one"})
    assert unasked.is_valid(), unasked.errors
    assert unasked.changes() == {}


def test_disclosure_that_is_over_takes_its_details_back() -> None:
    family = [{"context_type": "IMMEDIATE_FAMILY_EXPOSED", "given_name": "Ann", "family_name": "Lee"}]
    exposed = person(immediate_family_exposed=True, disclosure_context=family)
    typed = {
        **dict.fromkeys(
            ("is_control_person", "is_affiliated_exchange_or_finra", "is_politically_exposed"), "False"
        ),
        "immediate_family_exposed": "False",
    }
    over = form("disclosures", typed, exposed)
    assert over.is_valid(), over.errors
    assert over.changes() == {"immediate_family_exposed": False, "disclosure_context": None}
    assert body("disclosures", over.changes(), exposed) == {
        "disclosures": {"immediate_family_exposed": False, "context": []}
    }


def test_parts_for_cash_only_kinds_have_no_trading_preferences() -> None:
    trading, ira = ({part.key for part in parts_for(kind, person())} for kind in ("trading", "ira"))
    assert trading - ira == {"margin", "options", "crypto"}


def test_parts_for_somebody_taxed_abroad_and_on_a_visa() -> None:
    assert "paper" in {part.key for part in parts_for("trading", abroad.complete())}
    assert "visa" in {part.key for part in parts_for("trading", person(**ON_A_VISA))}
    assert not {"visa", "paper"} & {part.key for part in parts_for("trading", person())}


@pytest.mark.parametrize(
    ("today", "due"), [(date(2026, 12, 1), []), (date(2027, 1, 2), ["visa"]), (date(2027, 3, 1), ["visa"])]
)
def test_due_papers_of_a_visa_that_ends(today: date, due: list[str]) -> None:
    found = due_papers(person(**ON_A_VISA), today)
    assert [part.key for part, _ in found] == due
    assert [text for _, text in found] == ["January 31, 2027"] * len(due)


def test_due_papers_of_a_passport_that_ends() -> None:
    holder = abroad.complete(identity_paper_expires="2027-01-31")
    assert [part.key for part, _ in due_papers(holder, date(2027, 1, 2))] == ["paper"]
    assert due_papers(abroad.complete(), date(2027, 1, 2)) == []
