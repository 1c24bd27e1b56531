"""The body of a reply as it arrives, within bounds: how large it may be, and how long all of it may take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import requests
import urllib3

from brokerapp.broker.alpaca import replies
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown

CHUNK = 64 * 1024


class TooLarge(BrokerOutcomeUnknown):
    """The body is larger than what is taken."""


def read_pieces(
    response: requests.Response,
    *,
    most: int,
    until: float,
    clock: Callable[[], float] = time.monotonic,
    call_id: str = "",
    request_id: str = "",
) -> Iterator[bytes]:
    """The body of an open response, at most `most` bytes, which has to be over when `clock` tells `until`.

    A timeout of `requests` is that of each wait for bytes, and one byte now and then would never exceed it.
    Raises `BrokerOutcomeUnknown`, and `TooLarge`; the connection is closed then.
    """
    facts: dict[str, Any] = {"call_id": call_id, "request_id": request_id}
    size, is_over = 0, False
    try:
        with _waiting(response) as wait_at_most:
            while not is_over:
                left = until - clock()
                if left <= 0:
                    raise BrokerOutcomeUnknown(
                        "The reply took too long.", http_status=response.status_code, **facts
                    )
                wait_at_most(left)
                # What there is by now, where `iter_content` waits for a full chunk.
                piece = response.raw.read1(CHUNK, decode_content=True)
                size, is_over = size + len(piece), not piece
                if size > most:
                    message = "The reply is larger than what is taken."
                    raise TooLarge(message, http_status=response.status_code, **facts)
                yield piece
    except (requests.RequestException, urllib3.exceptions.HTTPError, OSError) as error:
        raise replies.failed_exchange(error, **facts) from None
    finally:
        if not is_over:
            response.close()


@contextmanager
def _waiting(response: requests.Response) -> Iterator[Callable[[float], None]]:
    """A function that sets how long the next wait for bytes may be, which is put back for the next call.

    It does nothing where the server closes the connection after this reply, and so has it handed over.
    """
    sock = getattr(getattr(response.raw, "connection", None), "sock", None)
    usual = sock.gettimeout() if sock else None

    def wait_at_most(seconds: float) -> None:
        if sock:
            sock.settimeout(seconds if usual is None else min(seconds, usual))

    try:
        yield wait_at_most
    finally:
        with suppress(OSError):  # it may be closed by now
            if sock:
                sock.settimeout(usual)
