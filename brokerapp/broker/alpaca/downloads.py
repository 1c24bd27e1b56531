"""Files of the broker's: given out by the API itself, or behind a link that it redirects to.

Broker API, "Download an Account Document" (https://docs.alpaca.markets/reference/downloaddocfromaccount): a
301 to a pre-signed link of a storage that is not the broker's own host.
"""

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, Any
from urllib.parse import urljoin, urlsplit

import requests
import urllib3

from brokerapp.broker.alpaca import replies
from brokerapp.broker.alpaca.bodies import TooLarge, read_pieces
from brokerapp.broker.alpaca.errors import BrokerOutcomeUnknown, BrokerUnreachable
from brokerapp.broker.alpaca.transport import Transport

SECONDS = 30.0
"""How long a whole file may take."""
LINK_SECONDS = 14.0
"""How long a storage may be silent: it may make the file only now."""


def fetch_file(transport: Transport, path: str, *, ids: Mapping[str, Any], into: IO[bytes], most: int) -> str:
    """Write a file of at most `most` bytes into `into`; the Request ID of the reply that led to it.

    Our credentials go to the broker's address only. What was cut or came too late is asked for once more.
    Raises `BrokerNotDone`, `BrokerOutcomeUnknown` and `TooLarge`.
    """
    until = time.monotonic() + SECONDS
    try:
        return _fetch(transport, path, ids, into, most, until)
    except (BrokerUnreachable, BrokerOutcomeUnknown) as error:
        if isinstance(error, TooLarge) or time.monotonic() > until:
            raise
    into.seek(0)
    into.truncate()
    return _fetch(transport, path, ids, into, most, until)


def _fetch(
    transport: Transport, path: str, ids: Mapping[str, Any], into: IO[bytes], most: int, until: float
) -> str:
    with transport.open_file(path, ids=ids) as (response, request_id):
        if not response.is_redirect:
            _copy(response, into, most, until, request_id)
            return request_id
        link = urljoin(response.url, response.headers["Location"])
    with _open_link(transport, link, request_id) as linked:
        _copy(linked, into, most, until, request_id)
    return request_id


@contextmanager
def _open_link(transport: Transport, link: str, request_id: str) -> Iterator[requests.Response]:
    """Open a link without credentials, also such as a .netrc would add. Its text is told to nobody."""
    if urlsplit(link).scheme not in {"https", urlsplit(transport.base_url).scheme}:
        raise BrokerOutcomeUnknown("The link to the file is not one to follow.", request_id=request_id)
    try:
        response = requests.get(
            link,
            auth=lambda request: request,
            headers={"Accept": "*/*"},
            timeout=(transport.timeouts[0], LINK_SECONDS),
            allow_redirects=False,
            stream=True,
        )
    except (requests.RequestException, urllib3.exceptions.HTTPError) as error:
        raise replies.failed_exchange(error, request_id=request_id) from None
    with response:
        if response.status_code != requests.codes.ok:
            message = f"The storage of the file answered {response.status_code}."
            raise BrokerUnreachable(message, http_status=response.status_code, request_id=request_id)
        yield response


def _copy(response: requests.Response, into: IO[bytes], most: int, until: float, request_id: str) -> None:
    for piece in read_pieces(response, most=most, until=until, request_id=request_id):
        into.write(piece)
