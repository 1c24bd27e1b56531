"""The sessions that calls go over: Basic auth and pooled connections."""

from typing import Any
from urllib.parse import urlsplit

import requests

USER_AGENT = "brokerapp/0.1"


class Session(requests.Session):
    """Looks up the environment's proxies and certificates once for each server, and not for each call."""

    def __init__(self) -> None:
        super().__init__()
        self._ways: dict[tuple[str, str], Any] = {}

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """As of `requests`; what a call itself asks for is worked out for it."""
        if proxies or verify is not None or cert is not None:
            return super().merge_environment_settings(url, proxies, stream, verify, cert)
        parts = urlsplit(url)
        server = (parts.scheme, parts.netloc)
        if server not in self._ways:
            self._ways[server] = super().merge_environment_settings(url, {}, None, None, None)
        return {**self._ways[server], "stream": self.stream if stream is None else stream}


def make_session(key: str, secret: str) -> requests.Session:
    """A session with the broker's credentials and its own connection pool. For one thread."""
    session = Session()
    session.auth = (key, secret)
    session.headers.update({"User-Agent": USER_AGENT, "Accept": "application/json"})
    return session
