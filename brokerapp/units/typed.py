"""What hands type and paste, read as the person means it. Pure.

`fold` turns what keyboards, phones and word processors put in (curly quotes, long dashes, hard and zero-width
blanks, full-width letters and digits) into ASCII; `read_decimal` reads money and quantities, and refuses what
could be meant in two ways instead of guessing.
"""

import re
import unicodedata
from decimal import Decimal, InvalidOperation

LONGEST_NUMBER = 40
"""Characters; the longest number we take has 24 digits."""

_DASHES = "\u2010\u2011\u2012\u2013\u2014\u2015\u2043\u2212\ufe58\ufe63"
_SINGLE_QUOTES = "\u2018\u2019\u201a\u201b\u2032\u02b9\u02bb\u02bc\u02bd\u02c8\u00b4\ua78c"
_DOUBLE_QUOTES = "\u201c\u201d\u201e\u201f\u2033\u00ab\u00bb\u02ba"
_FOLDED = str.maketrans(
    {
        **dict.fromkeys(_DASHES, "-"),
        **dict.fromkeys(_SINGLE_QUOTES, "'"),
        **dict.fromkeys(_DOUBLE_QUOTES, '"'),
        "\u2026": "...",
        "\u2024": ".",
        "\u2044": "/",
        "\u2215": "/",
        "\ufb00": "ff",
        "\ufb01": "fi",
        "\ufb02": "fl",
        "\ufb03": "ffi",
        "\ufb04": "ffl",
        "\ufb05": "st",
        "\ufb06": "st",
        # The full-width forms of ! to ~, in the order of ASCII.
        **{chr(code + 0xFEE0): chr(code) for code in range(0x21, 0x7F)},
    }
)
_SPELLED = str.maketrans(
    {
        "ß": "ss", "ẞ": "SS", "æ": "ae", "Æ": "Ae", "œ": "oe", "Œ": "Oe", "ø": "o", "Ø": "O", "ł": "l",
        "Ł": "L", "đ": "d", "Đ": "D", "ð": "d", "Ð": "D", "þ": "th", "Þ": "Th", "ı": "i", "ħ": "h", "Ħ": "H",
        "ŋ": "n", "Ŋ": "N", "ŧ": "t", "Ŧ": "T", "ĸ": "k", "ə": "a", "Ə": "A",
    }
)  # fmt: skip
"""Letters that do not come apart into a letter and a mark."""


def fold(text: str) -> str:
    """The text with typographic characters as ASCII, without invisible ones and without blanks at its ends.

    Letters and digits of other scripts stay as they are, for the reader to refuse by name.
    """
    kept = []
    for character in unicodedata.normalize("NFC", text).translate(_FOLDED):
        category = unicodedata.category(character)
        if category.startswith("Z") or character in "\t\n\v\f\r":
            kept.append(" ")
        elif category not in ("Cf", "Cc", "Cs") and character != "\ufe0f":
            kept.append(character)
    return "".join(kept).strip()


def foreign(text: str) -> list[str]:
    """The characters that are not printable ASCII, each once, in the order in which they stand."""
    return list(dict.fromkeys(character for character in text if not " " <= character <= "~"))


def spelling(text: str) -> str:
    """The text in plain letters (`Núñez` as `Nunez`); empty if it has characters that we cannot spell."""
    apart = unicodedata.normalize("NFKD", text.translate(_SPELLED))
    plain = "".join(character for character in apart if not unicodedata.combining(character))
    return "" if foreign(plain) else plain.strip()


class NotANumber(ValueError):
    """The text is not one number; `meant` is what the person may have meant, as they would type it."""

    def __init__(self, meant: str = "") -> None:
        self.meant = meant
        super().__init__(f"Did you mean {meant}?" if meant else "not a number")


_GROUPED = r"[1-9][0-9]{0,2}(?P<by>[, ])[0-9]{3}(?:(?P=by)[0-9]{3})*"
_NUMBER = re.compile(rf"-?(?:[0-9]*|{_GROUPED})(?:\.[0-9]*)?")


def read_decimal(text: str, *, currency: bool = False) -> Decimal:
    """The number that a text says: `1,000.50`, `0.5`, `.5`, `-3`; with `currency`, `$1,000.50` too.

    Commas (or blanks, as some people group) stand only between groups of three before the point, and never
    after a leading zero: `0,500` is a half to whoever typed it. Nothing else is dropped. Raises `NotANumber`.
    """
    typed = fold(text)
    if currency:
        typed = re.sub(r"^(-?)\$ ?(-?)", r"\1\2", typed)
    found = _NUMBER.fullmatch(typed)
    if len(typed) > LONGEST_NUMBER or not found or not re.search(r"[0-9]", typed):
        raise NotANumber(_meant(typed))
    return Decimal(re.sub(r"[, ]", "", typed))


def _meant(typed: str) -> str:
    """What was probably meant by a text that is not one number; empty if nobody can say."""
    if len(typed) > LONGEST_NUMBER:
        return ""
    bare = re.sub(r"(?i)\s*\b(usd|us|dollars?|shares?)\b\.?\s*|^\+|\$", "", typed).strip()
    if scientific := re.fullmatch(r"(-?[0-9.]+)[eE](\+?[0-9]{1,2}|-[0-9])", bare):
        return _shown(scientific.group(1), exponent=int(scientific.group(2)))
    if not re.fullmatch(r"-?[0-9][0-9.,'_ ]*", bare):
        return ""
    bare = re.sub(r"['_ ]", "", bare)
    head, comma, tail = bare.rpartition(",")
    decimals = comma and tail.isdigit() and not (len(tail) == 3 and not head.startswith(("0", "-0")))
    if decimals and "." not in tail and "," not in head and re.fullmatch(r"-?[0-9]+(\.[0-9]{3})*", head):
        return _shown(f"{head.replace('.', '')}.{tail}")
    if bare.count(".") > 1 and re.fullmatch(r"-?[1-9][0-9]{0,2}(\.[0-9]{3})+", bare):
        return _shown(bare.replace(".", ""))
    return _shown(bare.replace(",", "")) if bare.count(".") < 2 else ""


def _shown(number: str, exponent: int = 0) -> str:
    """A number as it should have been typed, with as many decimals as were typed; empty if it is none."""
    try:
        value = Decimal(number).scaleb(exponent)
    except InvalidOperation:
        return ""
    return f"{value:,f}" if value.adjusted() < 15 else ""
