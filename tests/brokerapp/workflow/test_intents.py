from uuid import UUID

import pytest
import time_machine

from brokerapp.workflow import intents

ACCOUNT = UUID(int=1)


def test_read_gives_back_the_same_id_every_time() -> None:
    token = intents.mint("order", 7, ACCOUNT, {"symbol": "AAPL"})
    first, second = intents.read("order", 7, ACCOUNT, token), intents.read("order", 7, ACCOUNT, token)
    assert first == second
    assert first.data == {"symbol": "AAPL"}


def test_mint_twice_gives_two_ids() -> None:
    tokens = [intents.mint("order", 7, ACCOUNT, {}) for _ in range(2)]
    assert len({intents.read("order", 7, ACCOUNT, token).id for token in tokens}) == 2


@pytest.mark.parametrize(
    ("purpose", "user_id", "account_id"),
    [("order", 8, ACCOUNT), ("transfer", 7, ACCOUNT), ("order", 7, UUID(int=2))],
)
def test_read_for_another_person_account_or_purpose_is_refused(
    purpose: str, user_id: int, account_id: UUID
) -> None:
    token = intents.mint("order", 7, ACCOUNT, {})
    with pytest.raises(intents.IntentExpired):
        intents.read(purpose, user_id, account_id, token)


def test_read_of_a_changed_token_is_refused() -> None:
    token = intents.mint("order", 7, ACCOUNT, {"qty": "1"})
    with pytest.raises(intents.IntentExpired):
        intents.read("order", 7, ACCOUNT, token[:-1] + ("A" if token[-1] != "A" else "B"))


def test_read_after_half_an_hour_is_refused() -> None:
    with time_machine.travel("2026-03-02T15:00:00Z") as clock:
        token = intents.mint("order", 7, ACCOUNT, {})
        clock.shift(intents.MAX_AGE_SECONDS - 1)
        intents.read("order", 7, ACCOUNT, token)
        clock.shift(2)
        with pytest.raises(intents.IntentExpired):
            intents.read("order", 7, ACCOUNT, token)
