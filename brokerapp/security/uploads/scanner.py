"""A virus scanner, where the installation has one: clamd, named by `CLAMD_URL`."""

import io
import logging
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from django.conf import settings

if TYPE_CHECKING:
    from clamav_client.clamd import ClamdNetworkSocket

logger = logging.getLogger(__name__)

SECONDS = 20
"""For connecting and for each answer."""
PORT = 3310


class ScannerAway(Exception):
    """The scanner did not say whether the file is clean."""


def finds_virus(content: bytes) -> bool:
    """Whether the scanner finds something in a file; False where none is set up.

    Raises `ScannerAway` if it is, and gives no clear answer: a file that was not looked at is not kept.
    """
    if not settings.CLAMD_URL:
        return False
    # Imported where there is a scanner, as it takes longer than most of what a process starts with.
    from clamav_client.clamd import ClamdError

    try:
        answers = _client(settings.CLAMD_URL).instream(io.BytesIO(content))
    except (ClamdError, OSError, ValueError, AttributeError) as error:
        logger.error("clamd does not answer (%s): files are refused", type(error).__name__)
        raise ScannerAway from error
    status, signature = answers.get("stream", ("", None))
    if status == "FOUND":
        logger.warning("clamd found %s in a file; it was not kept", signature)
        return True
    if status != "OK":
        logger.error("clamd could not look at a file: they are refused")
        raise ScannerAway
    return False


def _client(url: str) -> "ClamdNetworkSocket":
    """`tcp://host:3310` or `unix:///path/of/clamd.ctl`. Raises `ValueError`."""
    from clamav_client.clamd import ClamdNetworkSocket, ClamdUnixSocket

    parts = urlsplit(url)
    if parts.scheme == "unix":
        return ClamdUnixSocket(unquote(parts.path), timeout=SECONDS)
    if parts.scheme == "tcp" and parts.hostname:
        return ClamdNetworkSocket(parts.hostname, parts.port or PORT, timeout=SECONDS)
    raise ValueError("CLAMD_URL is tcp://host:port or unix:///path")
