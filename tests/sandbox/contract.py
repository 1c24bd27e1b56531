"""Holds every reply of the sandbox against the vendor's OpenAPI files.

``BROKER_OPENAPI`` and ``DATA_OPENAPI`` name the files; without the first nothing is checked. ``watch`` hooks
into a ``requests`` session, ``watched`` into that of an SDK client: a reply the files do not allow fails the
call that received it. What differs on purpose is in ``exceptions.py``.
"""

import dataclasses
import json
import os
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, TypeVar
from unittest import mock
from urllib.parse import urlsplit

import jsonschema_rs
import pytest
import requests
import yaml

from tests.sandbox.exceptions import EXCEPTIONS, MARKET_DATA, NOT_THE_API, Difference

T = TypeVar("T")

METHOD, PATH = "method is not documented", "path is not documented"
# For refusals the file gives no body for. Those of the gateway have no code.
REFUSAL = {
    "type": "object",
    "properties": {"code": {"type": "integer"}, "message": {"type": "string", "minLength": 1}},
    "required": ["message"],
}


class ContractViolation(AssertionError):
    """A reply that the OpenAPI file does not allow."""


class _Loader(yaml.CSafeLoader):
    """Dates stay text, as they are in JSON."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
    }


class Document:
    """One OpenAPI file: finds what it says about a reply."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            self._document = _plain(yaml.load(file, _Loader))
        self._registry = jsonschema_rs.Registry([("file:///openapi", self._document)])
        # Literal segments before parameters: /v1/accounts/activities before /v1/accounts/{account_id}.
        templates = sorted(self._document["paths"], key=lambda template: template.replace("{", "\uffff"))
        self._patterns = [(template, _pattern(template)) for template in templates]
        self._validators: dict[str, jsonschema_rs.Validator] = {}

    def template(self, path: str) -> str | None:
        return next((template for template, pattern in self._patterns if pattern.fullmatch(path)), None)

    def violations(
        self, method: str, template: str, status: int, content_type: str, body: bytes
    ) -> list[Difference]:
        """How the reply differs from what is written for this method, path and status."""
        responses = self._responses(method, template)
        if responses is None:
            return [_difference(method, template, status, METHOD)]
        key = str(status) if str(status) in responses or status < 400 else "default"
        if key not in responses and status < 400:
            return [_difference(method, template, status, "status is not documented")]
        response = responses.get(key, {})
        place = f"/paths/{_escaped(template)}/{method.lower()}/responses/{key}"
        if "$ref" in response:
            place = response["$ref"].removeprefix("#")
            response = self._looked_up(place)
        contents = response.get("content") or {}
        if status >= 400:
            return self._refusal_violations(method, template, status, contents, place, body)
        if contents and content_type not in contents:
            return [_difference(method, template, status, f"content type {content_type!r} is not documented")]
        if "schema" not in contents.get(content_type, ()):
            return []
        instance = _events(body) if content_type == "text/event-stream" else json.loads(body)
        pointer = f"{place}/content/{_escaped(content_type)}/schema"
        return self._errors(method, template, status, pointer, instance)

    def _responses(self, method: str, template: str) -> dict[str, Any] | None:
        operation = self._document["paths"][template].get(method.lower())
        return operation and operation["responses"]

    def _refusal_violations(
        self, method: str, template: str, status: int, contents: Any, place: str, body: bytes
    ) -> list[Difference]:
        """The documented shape, or the vendor's error object; bare strings were corrected to it since."""
        instance = json.loads(body)
        schema = contents.get("application/json", {}).get("schema", {})
        if schema and schema.get("type") != "string" and "code" in instance:
            pointer = f"{place}/content/application~1json/schema"
            return self._errors(method, template, status, pointer, instance)
        errors = _refusal_validator().iter_errors(instance)
        return [_from_error(method, template, status, error) for error in errors]

    def _errors(
        self, method: str, template: str, status: int, pointer: str, instance: Any
    ) -> list[Difference]:
        validator = self._validators.get(pointer)
        if validator is None:
            validator = self._validators[pointer] = jsonschema_rs.Draft202012Validator(
                {"$ref": f"file:///openapi#{pointer}"}, registry=self._registry, validate_formats=True
            )
        if validator.is_valid(instance):
            return []
        return [_from_error(method, template, status, error) for error in validator.iter_errors(instance)]

    def _looked_up(self, pointer: str) -> Any:
        node = self._document
        for part in pointer.strip("/").split("/"):
            node = node[part.replace("~1", "/").replace("~0", "~")]
        return node


@dataclasses.dataclass
class Contract:
    """The files in force, and what was seen so far."""

    documents: list[Document]
    has_data: bool
    checked: int = 0
    used: Counter[str] = dataclasses.field(default_factory=Counter)
    allowed: set[int] = dataclasses.field(default_factory=set)

    def check(self, method: str, path: str, status: int, content_type: str, body: bytes) -> None:
        """Raises ContractViolation naming every difference that is not excepted."""
        if NOT_THE_API.match(path) or (not self.has_data and MARKET_DATA.match(path)):
            return
        self.checked += 1
        # Most are reads of what has not changed since it was read before.
        reply = hash((method, path, status, content_type, body))
        if reply in self.allowed:
            return
        differences = self._differences(method, path, status, content_type, body)
        unexcused = [difference for difference in differences if not self._excused(difference)]
        if unexcused:
            lines = "\n".join(f"  {difference}" for difference in unexcused)
            raise ContractViolation(f"{method} {path} answered {status}:\n{lines}\n{body[:2000]!r}")
        self.allowed.add(reply)

    def _differences(
        self, method: str, path: str, status: int, content_type: str, body: bytes
    ) -> list[Difference]:
        for document in self.documents:
            template = document.template(path)
            if template is not None:
                return document.violations(method, template, status, content_type, body)
        return [_difference(method, path, status, PATH)]

    def _excused(self, difference: Difference) -> bool:
        if difference.what in (METHOD, PATH) and difference.status in (401, 403, 404, 405):
            return True  # the sandbox does not know it either, or did not look
        for exception in EXCEPTIONS:
            if exception.covers(difference):
                self.used[exception.reason] += 1
                return True
        return False


@cache
def contract() -> Contract | None:
    """The contract of this process; None when ``BROKER_OPENAPI`` names no file."""
    broker, data = os.environ.get("BROKER_OPENAPI"), os.environ.get("DATA_OPENAPI")
    if not broker:
        return None
    return Contract([Document(Path(name)) for name in (broker, data) if name], has_data=bool(data))


def watch(session: requests.Session) -> None:
    """Check every reply this session receives."""
    rules = contract()
    if rules is None:
        return
    armed = False

    def check(reply: requests.Response, **options: Any) -> None:
        nonlocal armed
        method, path = reply.request.method or "", urlsplit(reply.url).path
        if path.startswith("/_sandbox/faults"):
            armed = method == "POST" or (armed and method != "DELETE")
        # A reply under an armed fault may be a broken one on purpose; an endless one is read elsewhere.
        if armed or options.get("stream"):
            return
        content_type = reply.headers.get("content-type", "").split(";")[0]
        rules.check(method, path, reply.status_code, content_type, reply.content)

    session.hooks["response"].append(check)


@contextmanager
def watched(make: Callable[[], T]) -> Iterator[T]:
    """A client of Alpaca's SDK, made within this, whose replies are checked; its connections end with it."""
    with requests.Session() as session:
        watch(session)
        with mock.patch("alpaca.common.rest.Session", return_value=session):
            client = make()
        yield client


class Report:
    """A pytest plugin: says at the end what was checked, over all workers."""

    def __init__(self) -> None:
        self.checked = 0
        self.used: Counter[str] = Counter()

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        rules = contract()
        output = getattr(session.config, "workeroutput", None)
        if rules is not None and output is not None:
            output["contract"] = (rules.checked, dict(rules.used))
        elif rules is not None:
            self._add(rules.checked, rules.used)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: object) -> None:
        checked, used = getattr(node, "workeroutput", {}).get("contract", (0, {}))
        self._add(checked, used)

    def pytest_terminal_summary(self, terminalreporter: Any, config: pytest.Config) -> None:
        if contract() is None:
            terminalreporter.write_line(
                "contract: replies were not held against OpenAPI, BROKER_OPENAPI is unset"
            )
            return
        line = f"contract: {self.checked} replies held against OpenAPI"
        unused = [exception.reason for exception in EXCEPTIONS if exception.reason not in self.used]
        if unused and _runs_all(config):
            line += "; exceptions nobody needed: " + ", ".join(unused)
        terminalreporter.write_line(line)

    def _add(self, checked: int, used: Mapping[str, int]) -> None:
        self.checked += checked
        self.used.update(used)


def _runs_all(config: pytest.Config) -> bool:
    """Whether every test of the sandbox ran, so that an unused exception means something."""
    folder = Path(__file__).parent
    chosen = {Path(argument).resolve() for argument in config.args}
    narrowed = config.getoption("keyword") or config.getoption("markexpr")
    return bool(chosen & {folder, folder.parent, folder.parent.parent}) and not narrowed


def _difference(method: str, template: str, status: int, what: str) -> Difference:
    return Difference(method, template, status, "", what)


def _from_error(method: str, template: str, status: int, error: Any) -> Difference:
    place = "".join(f"/{'*' if isinstance(part, int) else part}" for part in error.instance_path)
    return Difference(method, template, status, place, error.message)


def _pattern(template: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{.*?\\\}", "[^/]+", re.escape(template)))


def _escaped(part: str) -> str:
    return part.replace("~", "~0").replace("/", "~1").replace("{", "%7B").replace("}", "%7D")


def _events(body: bytes) -> list[Any]:
    return [json.loads(line[6:]) for line in body.decode().splitlines() if line.startswith("data: ")]


def _plain(node: Any) -> Any:
    """OpenAPI 3.0's ``nullable: true`` as JSON Schema; a choice of one as that one, for clearer messages."""
    if isinstance(node, list):
        return [_plain(item) for item in node]
    if not isinstance(node, dict):
        return node
    rest = {key: _plain(value) for key, value in node.items() if key != "nullable"}
    if node.get("nullable") is True:
        return {"anyOf": [rest, {"type": "null"}]}
    choices = rest.get("oneOf")
    return choices[0] if isinstance(choices, list) and len(choices) == 1 and len(rest) == 1 else rest


@cache
def _refusal_validator() -> jsonschema_rs.Validator:
    return jsonschema_rs.Draft202012Validator(REFUSAL)
