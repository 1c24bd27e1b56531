"""Inputs that Django lacks. Each works as plain HTML; `static/js/forms.js` improves it."""

import re
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django import forms

from brokerapp.units import money, typed

_ISO_PARTS = re.compile(r"^([^-]*)-([^-]*)-([^-]*)$")
_APART = "\x1f"
"""Between the parts of what cannot be a date, so that each is shown again as it was typed."""
MONTHS = "january february march april may june july august september october november december".split()


def month_number(text: str) -> str:
    """`March`, `mar` and `Mar.` as `3`; other text as it is."""
    name = text.lower().rstrip(".")
    found = (number for number, month in enumerate(MONTHS, 1) if len(name) > 2 and month.startswith(name))
    return str(next(found, text))


class DateInputs(forms.MultiWidget):
    """A date people know by heart, as Month, Day and Year fields, in the order used in the United States.

    Its value is `YYYY-MM-DD` text for `forms.DateField`; what cannot be a date is passed on as typed, so that
    the field refuses it and shows it again. A month may be given by its name. `autocomplete="bday"` is spread
    over the three inputs.
    """

    template_name = "django/forms/widgets/date_inputs.html"
    use_fieldset = True
    parts = (("month", "Month", 2), ("day", "Day", 2), ("year", "Year", 4))

    def __init__(self, attrs: dict[str, Any] | None = None, autocomplete: str = "") -> None:
        widgets: dict[str, forms.Widget | type[forms.Widget]] = {
            name: forms.TextInput(self._part_attrs(name, size, autocomplete)) for name, _, size in self.parts
        }
        super().__init__(widgets, attrs)

    @staticmethod
    def _part_attrs(name: str, size: int, autocomplete: str) -> dict[str, Any]:
        attrs: dict[str, Any] = {"inputmode": "numeric", "class": f"input--{size}"}
        if autocomplete:
            attrs["autocomplete"] = f"{autocomplete}-{name}"
        return attrs

    def decompress(self, value: date | str | None) -> list[str]:
        if isinstance(value, date):
            return [str(value.month), str(value.day), str(value.year)]
        if value and _APART in value:
            return value.split(_APART)
        match = _ISO_PARTS.match(value or "")
        if not match:
            return ["", "", ""]
        year, month, day = match.groups()
        return [month, day, year]

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        for subwidget, (_, label, _) in zip(context["widget"]["subwidgets"], self.parts, strict=True):
            subwidget["label"] = label
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Any:
        parts = [typed.fold(str(part or "")) for part in super().value_from_datadict(data, files, name)]
        if not any(parts):
            return None
        month, day, year = month_number(parts[0]), *parts[1:]
        if all(part.isascii() and part.isdigit() for part in (month, day, year)):
            return f"{year}-{month}-{day}"
        return _APART.join((month, day, year))


class MoneyInput(forms.TextInput):
    """US dollars with the sign in front. What was typed goes as it is to the field, which reads it."""

    template_name = "django/forms/widgets/money.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        if isinstance(value, Decimal) and money.quantize_cash(value) == value:
            return f"{value:.2f}"
        return money.plain(value) if isinstance(value, Decimal) else super().format_value(value)


class SSNInput(forms.TextInput):
    """A Social Security number: dashes accepted, hidden while the field is left, with a Show button."""

    template_name = "django/forms/widgets/password.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            {
                "inputmode": "numeric",
                "autocomplete": "off",
                "spellcheck": "false",
                "data-mask": True,
                "class": "input--11",
                **(attrs or {}),
            }
        )


class FileDrop(forms.FileInput):
    """A file picker in a drop zone. `accept` and `max_bytes` are hints to the browser; the form validates.

    A file that the page's script refuses is not sent; that there was one is, so that nobody goes on without
    it unawares: `was_refused`.
    """

    template_name = "django/forms/widgets/file_drop.html"

    def __init__(self, accept: str = "", max_bytes: int = 0, attrs: dict[str, Any] | None = None) -> None:
        hints: dict[str, Any] = {"data-max-bytes": max_bytes} if max_bytes else {}
        if accept:
            hints["accept"] = accept
        super().__init__({**hints, **(attrs or {})})

    def was_refused(self, data: Mapping[str, Any], name: str) -> bool:
        """Whether the page's script took back a file that was chosen here."""
        return bool(data.get(f"{name}-refused"))
