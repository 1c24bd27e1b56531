"""From what came over the wire, or did not, to a body or one of the errors."""

import json
import ssl
from decimal import Decimal
from typing import Any, NoReturn

import requests
import urllib3
from pydantic import ValidationError

from brokerapp.broker.alpaca import errors
from brokerapp.broker.alpaca.models.base import where
from brokerapp.broker.alpaca.scrub import REDACTED, Known, scrub, scrub_members

REQUEST_TIMEOUT = 408
NO_ACCESS = (requests.codes.unauthorized, requests.codes.forbidden)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def read_body(content: bytes) -> Any:
    """The JSON of a reply, numbers as `Decimal`; None if the body is empty. Raises `ValueError`."""
    if not content:
        return None
    return json.loads(content, parse_float=Decimal, parse_constant=_refuse_constant)


def unreadable(reason: Exception, **facts: Any) -> errors.BrokerOutcomeUnknown:
    """The error for a 2xx whose body is not what the endpoint promises; says where, never what was there."""
    what = where(reason) if isinstance(reason, ValidationError) else "not JSON"
    return errors.BrokerOutcomeUnknown(f"The reply could not be read ({what}).", **facts)


def failed_exchange(reason: Exception, **facts: Any) -> errors.BrokerError:
    """The error for an exchange without a reply. The reason's text holds the URL: only its type is told."""
    name = type(reason).__name__
    if isinstance(reason, requests.ConnectTimeout):
        return errors.BrokerUnreachable(f"No connection within the time limit ({name}).", **facts)
    if isinstance(reason, requests.ConnectionError) and _never_connected(reason):
        return errors.BrokerUnreachable(f"No connection ({name}).", **facts)
    if isinstance(reason, (requests.Timeout, urllib3.exceptions.TimeoutError)):
        return errors.BrokerOutcomeUnknown(f"No reply within the time limit ({name}).", **facts)
    return errors.BrokerOutcomeUnknown(
        f"The connection broke before the reply was complete ({name}).", **facts
    )


def _never_connected(reason: requests.ConnectionError) -> bool:
    wrapped = reason.args[0] if reason.args else None
    if not isinstance(wrapped, urllib3.exceptions.MaxRetryError):
        return False
    cause = wrapped.reason
    if isinstance(cause, urllib3.exceptions.SSLError):
        # Other TLS failures can also come after the request went out.
        return bool(cause.args) and isinstance(cause.args[0], ssl.SSLCertVerificationError)
    return isinstance(cause, urllib3.exceptions.NewConnectionError)


def refused(
    status: int,
    content: bytes,
    *,
    sent: set[str],
    known: Known,
    retry_after: float | None,
    call_id: str,
    request_id: str,
) -> errors.BrokerError:
    """The error for a reply that is not a 2xx, with the broker's words, code and details, if it gave any.

    Of its words, what was `sent` and is `known` of the person is left out.
    """
    body = _error_body(content)
    code = body.pop("code", None)
    code = code if isinstance(code, int) else None
    said = body.pop("message", "")
    message = _scrubbed(said, sent, known) if isinstance(said, str) and said else f"HTTP {status}"
    facts: dict[str, Any] = {
        "code": code,
        "http_status": status,
        "request_id": request_id,
        "call_id": call_id,
        "details": scrub_members({"details": body}, known)["details"],
    }
    if status == requests.codes.too_many_requests:
        return errors.BrokerBusy(message, retry_after=retry_after, **facts)
    # What the broker itself refuses has a code; without one its gateway refused our key or our address.
    if status in NO_ACCESS and code is None:
        return errors.BrokerMisconfigured(message, **facts)
    if status == requests.codes.not_found:
        return errors.BrokerNotFound(message, **facts)
    # 408 comes from gateways that gave up waiting: the request may have gone through.
    if 400 <= status < 500 and status != REQUEST_TIMEOUT:
        return errors.BrokerRejected(message, **facts)
    return errors.BrokerOutcomeUnknown(message, **facts)


def _scrubbed(said: str, sent: set[str], known: Known) -> str:
    secrets = known()
    return REDACTED if secrets is None else scrub(said, {*sent, *secrets})


def _error_body(content: bytes) -> dict[str, Any]:
    """The members of an error body; gateways also send one without a code, text, HTML or nothing."""
    try:
        body = read_body(content)
    except ValueError:
        return {}
    if isinstance(body, str):
        return {"message": body}
    return body if isinstance(body, dict) else {}
