"""Fields that take what hands produce: typographic characters are folded, nothing typed is cut or lost."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from brokerapp.ui.widgets import MoneyInput
from brokerapp.ui.words import AnyField, speak
from brokerapp.units import typed
from brokerapp.units.money import quantity, usd

ZERO, MOST = Decimal(0), Decimal(10) ** 9
"""Dollars or shares: more in one go is a slip of the hand."""


@dataclass(frozen=True)
class Follows:
    """That a question is asked only after an answer: `field` has one of `values`, or none of `not_values`.

    `words` stand by the label where the form is shown without scripts.
    """

    field: str
    values: tuple[str, ...] = ()
    not_values: tuple[str, ...] = ()
    words: str = ""
    or_after: "Follows | None" = None
    """Another answer after which it is asked as well."""


def asked_after(field: AnyField, follows: Follows, *also: Follows) -> AnyField:
    """Mark a question as one that follows an answer, or several, which all have to be given then.

    It is not required by itself, and never called optional.
    """
    field.required = False
    field.follows = follows  # type: ignore[attr-defined]
    field.follows_also = also  # type: ignore[attr-defined]
    return field


def check_plain(value: str, *, names: bool = True) -> None:
    """Raises `ValidationError` for letters the broker does not take: they are named, and a spelling offered.

    `names`: the text is a name as it stands on a person's tax papers.
    """
    wrong = typed.foreign(value)
    if not wrong:
        return
    offer = typed.spelling(value)
    papers = ", as on your tax papers" if names else ""
    raise ValidationError(
        "The broker takes plain letters only, so not %(named)s."
        + (f" Write “%(offer)s”{papers}." if offer else " Write it in plain letters."),
        code="plain",
        params={"named": ", ".join(f"“{character}”" for character in wrong), "offer": offer},
    )


class TypedField(forms.CharField):
    """One line of text, folded. Its length is judged here, never cut by the browser.

    `plain`: only what the broker takes, printable ASCII. `names`: the spelling of a person's papers counts.
    """

    def __init__(self, *, plain: bool = False, names: bool = True, **options: Any) -> None:
        self.plain, self.names = plain, names
        super().__init__(**options)
        speak(self)

    def to_python(self, value: Any) -> str:
        if value in self.empty_values:
            return super().to_python(value) or ""
        return typed.fold(str(value))

    def validate(self, value: str) -> None:
        super().validate(value)
        if self.plain:
            check_plain(value, names=self.names)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without `maxlength`: it cuts what is pasted without a word."""
        attrs = super().widget_attrs(widget)
        return {name: attr for name, attr in attrs.items() if name not in ("maxlength", "minlength")}


class EmailField(TypedField, forms.EmailField):
    """An e-mail address, folded, its domain in small letters, which mean the same."""

    def to_python(self, value: Any) -> str:
        name, at, domain = super().to_python(value).rpartition("@")
        return f"{name}{at}{domain.lower()}"


class NumberField(TypedField):
    """A number above zero as people type it; cleans to an exact `Decimal`, or None if it may be left empty.

    `places`: decimals that it can have. What could be meant in two ways is refused, with the reading offered
    (`units.typed.read_decimal`), and shown again as it was typed.
    """

    currency = False
    default_error_messages = {
        "required": "Enter a number.",
        "invalid": "Enter a number, such as 0.5 or 100.",
        "positive": "Enter an amount above zero.",
        "places": "At most %(places)d decimals.",
        "too_little": "The smallest amount is %(least)s.",
        "too_much": "That is more than can be entered here: %(most)s is the most.",
    }

    def __init__(self, *, places: int, least: Decimal = ZERO, most: Decimal = MOST, **options: Any) -> None:
        self.places, self.least, self.most = places, least, most
        super().__init__(**options)
        self.widget.attrs.setdefault("inputmode", "decimal")
        self.widget.attrs.setdefault("autocomplete", "off")

    def clean(self, value: Any) -> Any:
        text = super().clean(value)
        return self.read(text) if text else None

    def read(self, text: str) -> Decimal:
        """The number in a text. Raises `ValidationError` in words, with the reading offered."""
        try:
            number = typed.read_decimal(text, currency=self.currency)
        except typed.NotANumber as refused:
            raise self.refusal("invalid", refused.meant) from None
        if number <= 0:
            raise self.refusal("positive")
        if -int(number.as_tuple().exponent) > self.places:
            number = self.shortened(number)
        if number < self.least:
            raise self.refusal("too_little")
        if number > self.most:
            raise self.refusal("too_much")
        return number

    def shortened(self, number: Decimal) -> Decimal:
        """The number without zeros at its end. Raises `ValidationError` if it has too many decimals still."""
        if -int(number.normalize().as_tuple().exponent) > self.places:
            raise self.refusal("places")
        return number.normalize()

    def words_for(self, number: Decimal) -> str:
        """A number in a refusal."""
        return quantity(number)

    def refusal(self, code: str, meant: str = "") -> ValidationError:
        """A refusal of this field by its code; `meant` is the reading offered."""
        offer = f" Did you mean {'$' if self.currency else ''}{meant}?" if meant else ""
        figures = {
            "places": self.places,
            "least": self.words_for(self.least),
            "most": self.words_for(self.most),
        }
        return ValidationError(f"{self.error_messages[code]}{offer}", code=code, params=figures)


class QuantityField(NumberField):
    """Shares, 9 dp."""

    default_error_messages = {
        "required": "Enter how many shares.",
        "places": "Shares can have at most %(places)d decimals.",
        "dollar_sign": "This is a number of shares, not of dollars.",
    }

    def __init__(self, *, places: int = 9, **options: Any) -> None:
        super().__init__(places=places, **options)

    def read(self, text: str) -> Decimal:
        if "$" not in text:
            return super().read(text)
        try:
            meant = quantity(typed.read_decimal(text, currency=True))
        except typed.NotANumber as refused:
            meant = refused.meant
        raise self.refusal("dollar_sign", f"{meant} shares" if meant else "")


class MoneyField(NumberField):
    """US dollars, 2 dp unless `places` says otherwise (a limit price below a dollar has up to 4)."""

    currency = True
    widget = MoneyInput
    default_error_messages = {
        "required": "Enter an amount.",
        "invalid": "Enter an amount in dollars and cents, like 250.00.",
        "places": "Dollars can have at most %(places)d decimals.",
    }

    def __init__(self, *, places: int = 2, **options: Any) -> None:
        super().__init__(places=places, **options)

    def words_for(self, number: Decimal) -> str:
        return usd(number)

    def shortened(self, number: Decimal) -> Decimal:
        # 1.000 is a thousand to half of the world, and nobody else types it for a dollar.
        as_dollars = round(number, self.places)
        raise self.refusal("places", f"{as_dollars:,f}" if as_dollars == number else "")
