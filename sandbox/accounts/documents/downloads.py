"""Short-lived links to documents that open without credentials, as the vendor's storage gives out.

They live under ``/_sandbox/``: on the same port, yet outside the API that asks for a key.
"""

import hashlib
import hmac
import re

from sandbox.state.api import Call, Refusal, Reply

PATH = "/_sandbox/downloads/{account_id}/{document_id}"
LIFETIME = 900  # seconds
HOST = re.compile(r"[\w.:\[\]-]{1,255}", re.ASCII)


def redirect(call: Call, account_id: str, document_id: str, *, as_json: bool = False) -> Reply:
    """301 to a link that is good for 15 minutes."""
    path = PATH.format(account_id=account_id, document_id=document_id)
    expires, form = str(int(call.now.timestamp()) + LIFETIME), "json" if as_json else ""
    link = f"{path}?expires={expires}&format={form}&signature={_signature(call, path, expires, form)}"
    host = call.headers.get("host", "")
    origin = f"http://{host}" if HOST.fullmatch(host) else ""
    return Reply(301, headers={"location": origin + link})


def check_link(call: Call) -> bool:
    """Whether the link asks for JSON. Raises a 403 for one that was altered or is too old."""
    expires, form = call.arg("expires"), call.arg("format")
    expected = _signature(call, call.path, expires, form)
    if not hmac.compare_digest(call.arg("signature").encode(), expected.encode()):
        raise Refusal(403, 40310000, "the link is not valid")
    if int(expires) < call.now.timestamp():
        raise Refusal(403, 40310000, "the link has expired")
    return form == "json"


def _signature(call: Call, path: str, expires: str, form: str) -> str:
    text = "\n".join((path, expires, form))
    return hmac.new(call.world.settings.secret.encode(), text.encode(), hashlib.sha256).hexdigest()
