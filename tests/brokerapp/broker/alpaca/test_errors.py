import pickle

import pytest

from brokerapp.broker.alpaca.errors import (
    BrokerBusy,
    BrokerError,
    BrokerMisconfigured,
    BrokerNotDone,
    BrokerNotFound,
    BrokerOutcomeUnknown,
    BrokerRejected,
    BrokerSlow,
    BrokerUnreachable,
    CallNotRecorded,
    ClaimLost,
)


@pytest.mark.parametrize(
    "kind",
    [
        BrokerRejected,
        BrokerNotFound,
        BrokerMisconfigured,
        BrokerBusy,
        BrokerSlow,
        BrokerUnreachable,
        CallNotRecorded,
        ClaimLost,
    ],
)
def test_not_done_and_unknown_never_overlap(kind):
    assert issubclass(kind, BrokerNotDone)
    assert not issubclass(kind, BrokerOutcomeUnknown)
    assert not issubclass(BrokerOutcomeUnknown, BrokerNotDone)


def test_reference_is_the_request_id_and_else_our_call_id():
    assert BrokerError("x", request_id="r", call_id="c").reference == "r"
    assert BrokerError("x", call_id="c").reference == "c"


def test_str_tells_status_code_and_reference():
    error = BrokerRejected("no", code=40310000, http_status=403, request_id="r")
    assert str(error) == "no (HTTP 403, code 40310000, reference r)"
    assert str(BrokerError("no")) == "no"


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (BrokerRejected("insufficient buying power"), "There is not enough buying power for this order."),
        (BrokerRejected('asset "BRK.A" is not fractionable'), "This security trades in whole shares only."),
        (
            BrokerRejected("trade denied due to pattern day trading protection", code=40310100),
            "Pattern day trading protection does not allow this trade at the moment.",
        ),
        (BrokerRejected("something new"), "The broker refused this. It said: “Something new.”"),
        (BrokerRejected("really?\n  no", http_status=422), "The broker refused this. It said: “Really? no.”"),
        (BrokerNotFound("no such bank."), "The broker does not know this. It said: “No such bank.”"),
        (BrokerRejected("HTTP 422", http_status=422), "The broker refused this."),
        (BrokerRejected(""), "The broker refused this."),
        (BrokerOutcomeUnknown("HTTP 500"), BrokerOutcomeUnknown.summary),
        (BrokerOutcomeUnknown("insufficient balance"), BrokerOutcomeUnknown.summary),
        (BrokerMisconfigured("unauthorized."), BrokerMisconfigured.summary),
    ],
)
def test_user_message_is_plain_words(error, words):
    assert error.user_message == words


def test_busy_survives_pickling():
    error = pickle.loads(pickle.dumps(BrokerBusy("later", retry_after=3, http_status=429)))
    assert (error.message, error.retry_after, error.http_status) == ("later", 3, 429)


def test_user_message_shows_at_most_200_characters_of_the_brokers_words():
    said = BrokerRejected("word " * 100).user_message

    assert len(said) < 240
    assert said.endswith("…”")
