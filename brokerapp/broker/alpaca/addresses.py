"""The path and the query of a call, from what the client gives."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote


def fill(path: str, ids: Mapping[str, Any]) -> str:
    """The path with its ids, each one segment. Raises `ValueError` for an id that would change the path."""
    segments = {}
    for name, value in ids.items():
        text = str(value)
        if text in ("", ".", ".."):
            raise ValueError(f"{name} is empty or a dot segment")
        segments[name] = quote(text, safe="")
    return path.format(**segments)


def to_parameters(query: Mapping[str, Any]) -> dict[str, Any]:
    """Query parameters as the broker takes them: None left out, lists repeated, tuples comma-joined."""
    return {name: _parameter(value) for name, value in query.items() if value is not None and value != ()}


def _parameter(value: Any) -> Any:
    if isinstance(value, list):
        return [str(item) for item in value]
    if isinstance(value, tuple):
        return ",".join(str(item) for item in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise ValueError("an instant needs a time zone")
        value = value.astimezone(UTC).replace(tzinfo=None).isoformat() + "Z"
    return str(value)
