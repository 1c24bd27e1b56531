"""Addresses of a list in its other orders and pages, and the links to those."""

from typing import Any

from django.core.paginator import Page
from django.http import QueryDict
from django.utils.safestring import SafeString, mark_safe

from brokerapp.ui.flat import Flat

FLAGS = (True, False)
PAGES = {
    (back, on): Flat("_partials/page_links.html", "previous", "links", "next", has_previous=back, has_next=on)
    for back in FLAGS
    for on in FLAGS
}
PAGE = {flag: Flat("_partials/page_link.html", "url", "number", is_current=flag) for flag in FLAGS}
ELLIPSIS = mark_safe("<span>…</span>")


def rest_of(query: QueryDict, *names: str) -> str:
    """A query without these, for others to be put behind it: empty, or with the `&` at its end."""
    kept = query.copy()
    for name in names:
        kept.pop(name, None)
    return f"{kept.urlencode()}&" if kept else ""


def page_links(query: QueryDict, page: "Page[Any]", anchor: str = "") -> SafeString:
    """The way to the other pages of a list, whose address has this query; empty for a list of one page."""
    if not page.has_other_pages():
        return SafeString()
    number, rest = page.number, rest_of(query, "page")

    def url(to: int) -> str:
        return f"?{rest}page={to}{anchor}"

    found = [
        PAGE[each == number](url=url(each), number=each) if isinstance(each, int) else ELLIPSIS
        for each in page.paginator.get_elided_page_range(number)
    ]
    return PAGES[page.has_previous(), page.has_next()](
        previous=url(number - 1),
        links=mark_safe("".join(found)),  # noqa: S308 - of escaped parts
        next=url(number + 1),
    )
