"""Every address of the site, from the URL conf: what the walks over all pages go by."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver


@dataclass(frozen=True)
class Address:
    """One address: the name of its page, what it names besides, and the view that answers."""

    name: str
    params: tuple[str, ...]
    route: str
    view: Any

    @property
    def is_admin(self) -> bool:
        """Whether it is staff's."""
        return self.route.startswith("admin/")


def addresses(
    resolver: URLResolver | None = None,
    namespace: str = "",
    params: tuple[str, ...] = (),
    route: str = "",
) -> Iterator[Address]:
    """Every address, in the order in which they are looked through. Those without a name have "" for it."""
    for pattern in (resolver or get_resolver()).url_patterns:
        names = (*params, *pattern.pattern.regex.groupindex)
        here = f"{route}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            inner = f"{namespace}{pattern.namespace}:" if pattern.namespace else namespace
            yield from addresses(pattern, inner, names, here)
        elif isinstance(pattern, URLPattern):
            name = f"{namespace}{pattern.name}" if pattern.name else ""
            yield Address(name, names, here, pattern.callback)
