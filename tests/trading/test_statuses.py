from trading import statuses
from trading.models import Order
from trading.statuses import BROKER_WORDS, ORDER_PATHS, ORDER_TRANSITIONS, OrderStatus


def test_broker_words_are_alpacas_and_none_of_ours() -> None:
    assert BROKER_WORDS["partially_filled"] == OrderStatus.PARTIALLY_FILLED
    assert not {"unknown", "submitting", "not_placed", "not_found"} & set(BROKER_WORDS)


def test_every_status_is_open_or_closed_and_has_paths() -> None:
    assert set(statuses.OPEN) | set(statuses.CLOSED) == set(OrderStatus) == set(ORDER_PATHS)
    assert not set(statuses.OPEN) & set(statuses.CLOSED)


def test_every_working_status_is_read_now_and_then() -> None:
    assert set(statuses.WORKING) | {OrderStatus.NOT_FOUND} == set(Order.RHYTHM)


def test_canceled_expired_and_replaced_do_not_move() -> None:
    final = (OrderStatus.CANCELED, OrderStatus.EXPIRED, OrderStatus.REPLACED)
    assert not any(ORDER_TRANSITIONS[status] for status in final)


def test_nothing_at_the_broker_goes_back_to_ours() -> None:
    assert not any(ORDER_TRANSITIONS[status] & set(statuses.OURS) for status in statuses.AT_BROKER)


def test_whatever_we_thought_the_broker_may_have_the_order_after_all() -> None:
    for status in (*statuses.OURS, OrderStatus.REJECTED):
        assert set(statuses.AT_BROKER) - {status} <= ORDER_TRANSITIONS[status]
