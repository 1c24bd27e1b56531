import pytest
from faker.providers.address.en_US import Provider
from localflavor.us.us_states import STATE_CHOICES

from onboarding import zip_codes


@pytest.mark.parametrize(
    ("zip_code", "states"),
    [
        ("94401", {"CA"}),
        ("90210-1234", {"CA"}),
        ("10001", {"NY"}),
        ("00501", {"NY"}),
        ("00901", {"PR"}),
        ("06390", {"NY"}),
        ("20001", {"DC"}),
        ("96799", {"AS"}),
        ("96910", {"GU", "MP"}),
        ("09012", {"AE"}),
        ("00000", set()),
        ("00100", set()),
    ],
)
def test_states_of(zip_code: str, states: set[str]) -> None:
    assert zip_codes.states_of(zip_code) == states


@pytest.mark.parametrize(
    ("typed", "written"),
    [
        ("94401", "94401"), ("944011234", "94401-1234"), ("94401 1234", "94401-1234"),
        ("94401-1234", "94401-1234"), ("94401 - 1234", "94401-1234"), ("9440", ""), ("94401-", ""), ("", ""),
        ("94401-12", ""), ("٩٤٤٠١", ""),
    ],
)  # fmt: skip
def test_written_out(typed: str, written: str) -> None:
    assert zip_codes.written_out(typed) == written


def test_every_state_that_can_be_chosen_has_zip_codes() -> None:
    assert {code for code, _ in STATE_CHOICES} <= set().union(*zip_codes.STATES_BY_PREFIX.values())


def test_states_of_agrees_with_another_table() -> None:
    # Faker's has the first and the last code of each state.
    for state, (first, last) in Provider.states_postcode.items():
        if state in dict(STATE_CHOICES):
            assert state in zip_codes.states_of(f"{last - last % 100 if state == 'HI' else first:05}"), state
