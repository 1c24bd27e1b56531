"""From what came over the wire, or did not, to a body or one of the errors."""

import json
import ssl
from decimal import Decimal
from typing import Any, NoReturn

import requests
import urllib3
from pydantic import ValidationError

from brokerapp.broker.alpaca import errors
from brokerapp.broker.alpaca.models.base import where, without_nul
from brokerapp.broker.alpaca.scrub import REDACTED, Known, scrub, scrub_members

REQUEST_TIMEOUT = 408
UNREADABLE = (ValueError, ArithmeticError, RecursionError)
"""What reading a body raises: no JSON, a number beyond all numbers, members in members without end."""
WRONG_DOOR = (
    requests.codes.forbidden,
    requests.codes.method_not_allowed,
    requests.codes.proxy_authentication_required,
)
"""Without a code of the broker's, what its gateway or a proxy says of our key, our address or our path."""
CREATE_OR_CHANGE = ("POST", "PATCH")


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
    method: str,
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
    says_something = bool(body)
    code = body.pop("code", None)
    code = code if isinstance(code, int) else None
    said = body.pop("message", "")
    said = without_nul(said) if isinstance(said, str) else ""
    message = _scrubbed(said, sent, known) if said else f"HTTP {status}"
    facts: dict[str, Any] = {
        "code": code,
        "http_status": status,
        "request_id": request_id,
        "call_id": call_id,
        "details": scrub_members({"details": body}, known)["details"],
    }
    if status == requests.codes.too_many_requests:
        return errors.BrokerBusy(message, retry_after=retry_after, **facts)
    if _is_about_us(method, status, code, says_something=says_something):
        return errors.BrokerMisconfigured(message, **facts)
    if status == requests.codes.not_found:
        return errors.BrokerNotFound(message, **facts)
    # 408 comes from gateways that gave up waiting: the request may have gone through.
    if 400 <= status < 500 and status != REQUEST_TIMEOUT:
        return errors.BrokerRejected(message, **facts)
    return errors.BrokerOutcomeUnknown(message, **facts)


def _is_about_us(method: str, status: int, code: int | None, *, says_something: bool) -> bool:
    """Whether a refusal is about our key, our address or our set-up, and so nobody else's fault.

    401 also has a code where the account is not of our firm. Anything else that the broker itself refuses has
    a code. A 404 without one is a page of the gateway or of a wrong address; but what is to be deleted or set
    may be gone, which an answer of the broker's without a code may say.
    """
    if status == requests.codes.unauthorized:
        return True
    if code is not None:
        return False
    is_lost_write = method in CREATE_OR_CHANGE or (method != "GET" and not says_something)
    return status in WRONG_DOOR or (status == requests.codes.not_found and is_lost_write)


def _scrubbed(said: str, sent: set[str], known: Known) -> str:
    secrets = known()
    return REDACTED if secrets is None else scrub(said, {*sent, *secrets})


def _error_body(content: bytes) -> dict[str, Any]:
    """The members of an error body; gateways also send one without a code, text, HTML or nothing."""
    try:
        body = read_body(content)
    except UNREADABLE:
        return {}
    if isinstance(body, str):
        return {"message": body}
    return body if isinstance(body, dict) else {}
