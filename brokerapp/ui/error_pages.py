"""Error pages that are made without a request of Django's."""

from functools import cache

from django.template.loader import render_to_string

from brokerapp.ui.branding import brand
from brokerapp.ui.links import page_url


@cache
def too_large() -> bytes:
    """The page for a request that is refused before Django sees it, as it is larger than what is read."""
    return render_to_string("413.html", {"brand": brand(), "help_url": page_url("help")}).encode()
