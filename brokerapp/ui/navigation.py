"""A line of a navigation."""

from dataclasses import dataclass


@dataclass(frozen=True)
class NavItem:
    """A page to go to; `current` if it is the section that this page is in."""

    label: str
    url: str
    icon: str
    current: bool


def is_section_of(path: str, url: str) -> bool:
    """Whether the page at `path` is in the section that begins at `url`."""
    return path == url or (url != "/" and path.startswith(url))
