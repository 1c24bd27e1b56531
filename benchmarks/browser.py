"""A browser without a screen: what asks for the pages of `benchmarks.pages`."""

import re
import time
from collections.abc import Callable
from html import unescape
from http.client import HTTPConnection, HTTPResponse
from itertools import count
from urllib.parse import urlencode

from benchmarks.load import LOOPBACK

INPUT = re.compile(r"<input\b[^>]*>")
ATTRIBUTE = re.compile(r'([a-z-]+)(?:="([^"]*)")?')


class Browser:
    """One keep-alive connection with a session's cookies; a new one after a pause, which servers close."""

    PAUSE_SECONDS = 2.0

    def __init__(self, port: int, cookie: str) -> None:
        self.asked_at = 0.0
        self.connection = HTTPConnection(LOOPBACK, port, timeout=60)
        self.cookies = dict(part.split("=", 1) for part in cookie.split("; "))

    def ask(self, path: str, form: dict[str, str] | None = None) -> tuple[HTTPResponse, str]:
        """One request and its answer: a GET or, with a form, a POST."""
        if time.monotonic() - self.asked_at > self.PAUSE_SECONDS:
            self.connection.close()
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        body = None
        if form is not None:
            body = urlencode(form)
            headers |= {"Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST" if form is not None else "GET", path, body, headers)
        answer = self.connection.getresponse()
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        body_text = answer.read().decode()
        self.asked_at = time.monotonic()
        return answer, body_text


def fields_of(page: str, action: str = "") -> dict[str, str]:
    """The inputs of the first form of a page (with `action` in its tag) as a browser would send them."""
    forms = re.findall(r"<form\b[^>]*>.*?</form>", page, re.DOTALL)
    wanted = next(
        form for form in forms if action in form.partition(">")[0] and "csrfmiddlewaretoken" in form
    )
    found: dict[str, str] = {}
    for tag in INPUT.findall(wanted):
        given = {name: unescape(value) for name, value in ATTRIBUTE.findall(tag[6:])}
        is_choice = given.get("type") in ("radio", "checkbox")
        if given.get("name") and (not is_choice or "checked" in given):
            found[given["name"]] = given.get("value", "on" if is_choice else "")
    return found


def getter(browser: Browser, paths: list[str], *, expect: str = "</html>") -> Callable[[], object]:
    """Asks for the paths in turn; fails where an answer is not the page."""
    numbers = count()

    def ask() -> None:
        path = paths[next(numbers) % len(paths)]
        answer, body = browser.ask(path)
        if answer.status != 200 or expect not in body:
            raise RuntimeError(f"GET {path}: {answer.status}")

    return ask
