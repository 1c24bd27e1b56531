"""The legal pages, for everybody."""

from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from brokerapp.legal.texts import TEXTS

FEES = (
    ("SEC", "SEC fee on sales", "of each $1,000,000 sold"),
    ("TAF", "FINRA trading activity fee on sales", "per share"),
    ("TAF_CAP", "FINRA trading activity fee, at the most", "per trade"),
    ("CAT", "Consolidated audit trail fee on sales", "per share"),
)
"""The names of `settings.FEE_RATES`, what people call them, and what each is charged on."""


@require_safe
def index(request: HttpRequest) -> HttpResponse:
    """All legal pages."""
    return render(request, "legal/index.html", {"texts": TEXTS.values()})


@require_safe
def page(request: HttpRequest, key: str) -> HttpResponse:
    """One of them; where it is our sample, it says so."""
    text = TEXTS.get(key)
    if text is None:
        raise Http404
    context: dict[str, Any] = {"text": text, "is_sample": text.must_be_own and text.is_sample}
    if key == "fees":
        context["fees"] = _fees()
    if key == "form-crs":
        context |= {"crs_url": settings.LEGAL_FORM_CRS_URL, "is_sample": not settings.LEGAL_FORM_CRS_URL}
    return render(request, "legal/page.html", context)


def _fees() -> list[dict[str, Any]]:
    """The regulatory fees as they are charged, each with the days from which on it is."""
    return [
        {"name": name, "per": per, "rates": sorted(settings.FEE_RATES[key], reverse=True)}
        for key, name, per in FEES
    ]
