"""In how many ways a text can spell what is known of a person: dates, numbers, words. Pure."""

import calendar
import re
from datetime import date
from functools import lru_cache

BETWEEN = r"[\s.,()/_·‐-―−-]{0,3}"
"""What people put between the groups of a number."""
APART = r"[\s.,/_-]{1,3}"
LEAST_DIGITS = 5
"""A shorter number is looked for as it is written: its digits stand in any amount or year."""

_NUMBER = re.compile(r"\+?[\d\s().-]+")


@lru_cache(maxsize=2000)
def pattern_of(value: str) -> re.Pattern[str]:
    """What finds a value in a text, however it is spelled there.

    An ISO date (`1971-02-17`) is found as `02/17/1971`, `2-17-71`, `Feb 17, 1971`, `17 February 1971` and so
    on; a number with blanks, dashes or parentheses anywhere, without its leading zeros, and a phone number
    without its country; words in any case and with any blanks between them.
    """
    value = " ".join(value.split())
    if (day := _date(value)) is not None:
        expression = _spelled_date(day)
    elif _NUMBER.fullmatch(value) and len(digits := re.sub(r"\D", "", value)) >= LEAST_DIGITS:
        expression = _spelled_number(digits, is_phone=value.startswith("+"))
    else:
        words = r"[\s,]+".join(re.escape(word.rstrip(",")) for word in value.split())
        expression = rf"(?<!\w){words}(?!\w)"
    return re.compile(expression, re.IGNORECASE)


def _date(value: str) -> date | None:
    try:
        return date.fromisoformat(value) if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else None
    except ValueError:
        return None


def _spelled_date(day: date) -> str:
    year = rf"(?:{day.year // 100})?{day.year % 100:02}"
    full_year = f"{day.year:04}"
    in_month, month = f"0?{day.day}", f"0?{day.month}"
    short, name = calendar.month_abbr[day.month], calendar.month_name[day.month]
    called = rf"(?:{name}|{short}|{name[:4]})\.?"
    ordinal = rf"{in_month}(?:st|nd|rd|th)?"
    ways = (
        rf"{full_year}{APART}{month}{APART}{in_month}",
        rf"{month}{APART}{in_month}{APART}{year}",
        rf"{in_month}{APART}{month}{APART}{year}",
        rf"{called}[\s./-]*{ordinal}[\s,./-]*{year}",
        rf"{ordinal}[\s./-]*(?:of\s+)?{called}[\s,./-]*{year}",
        rf"{full_year}[\s,./-]*{called}[\s./-]*{ordinal}",
        f"{day:%Y%m%d}|{day:%m%d%Y}|{day:%d%m%Y}",
    )
    return rf"(?<![\d]){'(?:' + '|'.join(ways) + ')'}(?![\d])"


def _spelled_number(digits: str, *, is_phone: bool) -> str:
    national = digits[1:] if is_phone and len(digits) == 11 and digits.startswith("1") else digits
    country = rf"(?:\+?1{BETWEEN})?" if national != digits else r"\+?"
    significant = national.lstrip("0") or national
    zeros = rf"(?:0{BETWEEN})*"
    return rf"(?<!\d){country}\(?{zeros}{BETWEEN.join(significant)}(?!\d)"
