"""What the nouns of the client share."""

from typing import Literal
from uuid import UUID

from brokerapp.broker.alpaca.transport import Transport

Id = UUID | str
Direction = Literal["asc", "desc"]


class Noun:
    """The calls about one of Alpaca's nouns, over a transport."""

    def __init__(self, transport: Transport) -> None:
        self._send = transport.send
