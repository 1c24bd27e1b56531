"""Parts of pages that are rendered once for a process, with places for what differs.

For what stands on a page many times, or is the same for everybody but for an address: filling in places is
a hundred times faster than rendering a template, whose conditions and loops are worked out each time.
"""

import html
import re

from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

MARK = "\ue000"
find_special = re.compile("[&<>\"']").search
PLACE = re.compile(f"{MARK}([a-z_]+){MARK}")


class Flat:
    """A template in which `places` are filled in for each use, escaped, and all else is as rendered once.

    `context` is what its conditions and loops go by; no condition can go by a place.
    """

    def __init__(self, template: str, *places: str, **context: object) -> None:
        self._template, self._places, self._context = template, places, context
        self._parts: list[str] | None = None
        self._names: tuple[str, ...] = ()

    def __call__(self, **values: object) -> SafeString:
        """The HTML. Raises `KeyError` for a place without a value."""
        parts = self._parts
        if parts is None:
            parts = self._render()
            self._names = tuple(parts[1::2])
            self._parts = parts  # last: other threads go by it
        filled = parts.copy()
        filled[1::2] = [
            value if isinstance(value, SafeString) else _escaped(value)
            for value in map(values.__getitem__, self._names)
        ]
        return SafeString("".join(filled))

    def _render(self) -> list[str]:
        marks = {place: mark_safe(f"{MARK}{place}{MARK}") for place in self._places}  # noqa: S308 - names of ours
        return PLACE.split(render_to_string(self._template, {**self._context, **marks}).strip())


def _escaped(value: object) -> str:
    text = value if type(value) is str else str(value)
    return html.escape(text) if find_special(text) else text
