"""What stands around every page and is alike on most of them: rendered once, and filled in."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Any

from django import template
from django.core.paginator import Page
from django.template import Context, RequestContext
from django.template.loader import render_to_string
from django.utils.safestring import SafeString, mark_safe

from brokerapp.ui import paging
from brokerapp.ui.branding import Brand
from brokerapp.ui.flat import Flat
from brokerapp.ui.navigation import NavItem

register = template.Library()
END = Flat("_partials/session_end.html", "state_url", "sign_in_url", "seconds", "who", "token")


@register.simple_tag(takes_context=True)
def account_menu(context: Context) -> SafeString:
    """The menu of the signed-in person."""
    name = context["user"].email or context["user"].get_username()
    return _menu(tuple(context["account_nav"]), context["chrome_urls"]["account_logout"])(
        initial=name[:1].upper(), name=name, token=context["csrf_token"]
    )


@lru_cache(maxsize=64)
def _menu(items: tuple[NavItem, ...], logout_url: str) -> Flat:
    return Flat("_partials/account_menu.html", "initial", "name", "token", items=items, logout_url=logout_url)


@register.simple_tag(takes_context=True)
def session_end(context: Context) -> SafeString:
    """The dialog that says that the session will soon be over."""
    urls, state = context["chrome_urls"], context["session_state"]
    return END(
        state_url=urls["session_state"],
        sign_in_url=urls["account_login"],
        seconds=state["seconds"],
        who=state.get("who", ""),
        token=context["csrf_token"],
    )


@register.simple_tag(takes_context=True)
def site_footer(context: Context) -> SafeString:
    """Help, the legal pages, and whose site it is."""
    urls = context["chrome_urls"]
    links = tuple((text["url"], text["title"]) for text in context["legal_links"])
    return _footer(context["brand"], urls["help"], urls["display"], links)


@lru_cache(maxsize=8)
def _footer(brand: Brand, help_url: str, display_url: str, links: tuple[tuple[str, str], ...]) -> SafeString:
    context = {"brand": brand, "help_url": help_url, "display_url": display_url, "links": links}
    return mark_safe(render_to_string("_partials/footer.html", context))  # noqa: S308 - of a template


@register.simple_tag(takes_context=True)
def page_links(context: RequestContext, page: "Page[Any]", anchor: str = "") -> SafeString:
    """The way to the other pages of a list."""
    return paging.page_links(context.request.GET, page, anchor)


@register.simple_tag
def main_nav(items: Iterable[NavItem]) -> SafeString:
    """Links to the sections of the site."""
    found = [_nav_link(item.label, item.icon, item.current)(url=item.url) for item in items]
    return mark_safe("".join(found))  # noqa: S308 - of escaped parts


@lru_cache(maxsize=64)
def _nav_link(label: str, icon: str, current: bool) -> Flat:
    return Flat("_partials/nav_link.html", "url", label=label, icon=icon, current=current)
