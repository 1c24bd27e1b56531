import pytest

from trading import statuses
from trading.statuses import ORDER_TRANSITIONS, OrderStatus


def test_from_broker_knows_alpacas_words() -> None:
    assert statuses.from_broker("partially_filled") == OrderStatus.PARTIALLY_FILLED


@pytest.mark.parametrize("word", ["", "brand_new_word", "unknown", "submitting", "not_placed"])
def test_from_broker_other_words(word: str) -> None:
    assert statuses.from_broker(word) is None


def test_every_status_is_open_or_closed_and_has_transitions() -> None:
    assert set(statuses.OPEN) | set(statuses.CLOSED) == set(OrderStatus) == set(ORDER_TRANSITIONS)
    assert not set(statuses.OPEN) & set(statuses.CLOSED)


def test_final_statuses_do_not_move() -> None:
    assert all(not ORDER_TRANSITIONS[status] for status in statuses.FINAL_AT_BROKER)


def test_nothing_at_the_broker_goes_back_to_ours() -> None:
    assert not any(ORDER_TRANSITIONS[status] & set(statuses.OURS) for status in statuses.AT_BROKER)
