"""A mail's text as HTML: one frame for all, nothing remote, readable in the dark and on a phone.

What a text may have in it, block by block: a paragraph; lines of `Name: value`; `What to do: https://…`,
which becomes a button; and an address alone.
"""

import re
from dataclasses import dataclass

from django.template.loader import render_to_string

from brokerapp.ui import contrast
from brokerapp.ui.branding import OURS, OURS_DARK, brand, colors

LINK = re.compile(r"(?:(?P<label>[A-Z][^:\n]{1,40}): )?(?P<url>https?://\S+)")
FACT = re.compile(r"(?P<name>[A-Z]\w*(?: \w+){0,2}): (?P<value>\S.*)")
OPEN = "Open this page"


@dataclass(frozen=True)
class Block:
    """One part of a mail; which of the rest is filled says of which kind it is."""

    lines: tuple[str, ...] = ()
    facts: tuple[tuple[str, str], ...] = ()
    label: str = ""
    url: str = ""
    is_button: bool = False


def blocks_of(text: str) -> list[Block]:
    """The blocks of a text; the first link is what the mail is for, and so the only button."""
    found: list[Block] = []
    for part in re.split(r"\n\s*\n", text.strip()):
        lines = [line.strip() for line in part.strip().splitlines()]
        found += _blocks(lines)
    first = next((place for place, block in enumerate(found) if block.url), None)
    if first is not None:
        block = found[first]
        found[first] = Block(label=block.label or OPEN, url=block.url, is_button=True)
    return found


def _blocks(lines: list[str]) -> list[Block]:
    """The blocks of lines without an empty one between them."""
    found: list[Block] = []
    plain: list[str] = []
    facts: list[tuple[str, str]] = []

    def end() -> None:
        if plain:
            found.append(Block(lines=tuple(plain)))
        if facts:
            found.append(Block(facts=tuple(facts)))
        plain.clear()
        facts.clear()

    for line in lines:
        link, fact = LINK.fullmatch(line), FACT.fullmatch(line)
        if link:
            end()
            found.append(Block(label=link["label"] or "", url=link["url"]))
        elif fact and not plain:
            facts.append((fact["name"], fact["value"]))
        else:
            if facts:
                end()
            plain.append(line)
    end()
    return found


def as_html(subject: str, text: str) -> str:
    """The HTML of a mail with this text."""
    own = brand()
    tones = colors() if own.colors_url else contrast.colors_of(OURS, OURS_DARK)
    context = {"subject": subject, "blocks": blocks_of(text), "brand": own, "colors": tones}
    return render_to_string("mail/base.html", context)
