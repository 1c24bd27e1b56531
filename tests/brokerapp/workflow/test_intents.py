import pytest
import time_machine

from brokerapp.workflow import intents


def test_read_gives_back_the_same_id_every_time() -> None:
    token = intents.mint("order", 7, {"symbol": "AAPL"})
    first, second = intents.read("order", 7, token), intents.read("order", 7, token)
    assert first == second
    assert first.data == {"symbol": "AAPL"}


def test_mint_twice_gives_two_ids() -> None:
    tokens = [intents.mint("order", 7, {}) for _ in range(2)]
    assert len({intents.read("order", 7, token).id for token in tokens}) == 2


@pytest.mark.parametrize(("purpose", "user_id"), [("order", 8), ("transfer", 7)])
def test_read_for_another_person_or_purpose_is_refused(purpose: str, user_id: int) -> None:
    token = intents.mint("order", 7, {})
    with pytest.raises(intents.IntentExpired):
        intents.read(purpose, user_id, token)


def test_read_of_a_changed_token_is_refused() -> None:
    token = intents.mint("order", 7, {"qty": "1"})
    with pytest.raises(intents.IntentExpired):
        intents.read("order", 7, token[:-1] + ("A" if token[-1] != "A" else "B"))


def test_read_after_half_an_hour_is_refused() -> None:
    with time_machine.travel("2026-03-02T15:00:00Z") as clock:
        token = intents.mint("order", 7, {})
        clock.shift(intents.MAX_AGE_SECONDS - 1)
        intents.read("order", 7, token)
        clock.shift(2)
        with pytest.raises(intents.IntentExpired):
            intents.read("order", 7, token)
