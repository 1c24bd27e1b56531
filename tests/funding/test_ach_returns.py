import pytest

from funding.ach_returns import REASONS, in_words, needs_other_bank, return_reason


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("R01", "there was not enough money in the bank account (R01)"),
        ("R02", "the bank account is closed (R02)"),
        ("r03", "the bank found no account with this number and name (R03)"),
        ("returned with R16", "the bank account is frozen (R16)"),
        ("R99", "the bank gave a reason that we do not know (R99)"),
        ("", "the bank gave no reason that we know"),
    ],
)
def test_return_reason(code: str, words: str) -> None:
    assert return_reason(code) == words


def test_reasons_are_every_code_as_the_end_of_a_sentence() -> None:
    listed = [*range(1, 48), *range(50, 54), 61, 62, *range(67, 78), *range(80, 86)]
    assert list(REASONS) == [f"R{number:02}" for number in listed]
    assert all(reason[0].islower() and not reason.endswith(".") for reason in REASONS.values())


def test_in_words_leaves_other_texts_alone() -> None:
    assert in_words("R02") == "the bank account is closed (R02)"
    assert in_words("Canceled by the person") == "Canceled by the person"


@pytest.mark.parametrize(
    ("text", "needed"), [("R02 account closed", True), ("r03", True), ("R01", False), ("", False)]
)
def test_needs_other_bank(text: str, needed: bool) -> None:
    assert needs_other_bank(text) is needed
