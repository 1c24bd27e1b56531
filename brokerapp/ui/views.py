"""The display preferences of a browser, and the style guide."""

from dataclasses import asdict
from pathlib import Path

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_safe

from brokerapp.ui import branding, preferences, styleguide_samples
from brokerapp.ui.forms import DisplayForm


@require_http_methods(["GET", "HEAD", "POST"])
def display(request: HttpRequest) -> HttpResponse:
    """Show and set the preferences. A POST may set some of them only, and returns to `next`."""
    current = asdict(preferences.read(request))
    if request.method != "POST":
        return render(request, "display.html", {"form": DisplayForm(initial=current)})
    form = DisplayForm({**current, **request.POST.dict()})
    if not form.is_valid():
        return render(request, "display.html", {"form": form}, status=422)
    response = HttpResponseRedirect(_next_url(request))
    preferences.write(response, **form.cleaned_data)
    if "next" not in request.POST:
        messages.success(request, "Display settings saved in this browser.")
    return response


def _next_url(request: HttpRequest) -> str:
    """The page to return to, if it is one of ours."""
    url = request.POST.get("next", "")
    ours = url_has_allowed_host_and_scheme(url, {request.get_host()}, require_https=request.is_secure())
    return url if ours else reverse("display")


KEPT = "public, max-age=31536000, immutable"
"""The addresses of the brand's files change with what they hold."""


@require_safe
def brand_logo(request: HttpRequest) -> HttpResponse:
    """The logo that `BRAND_LOGO` names, else our icon in `BRAND_COLOR`; 404 for a site without either."""
    logo, color = settings.BRAND_LOGO, settings.BRAND_COLOR
    if not (logo or color):
        raise Http404
    content = branding.logo_of(logo) if logo else branding.icon_in(color)
    kind = branding.LOGO_TYPES[Path(logo).suffix if logo else ".svg"]
    return HttpResponse(content, content_type=kind, headers={"Cache-Control": KEPT})


@require_safe
def brand_colors(request: HttpRequest) -> HttpResponse:
    """The brand's colors as a style sheet; 404 for a site that has the design system's."""
    if not settings.BRAND_COLOR:
        raise Http404
    return HttpResponse(
        branding.colors_css(), content_type="text/css; charset=utf-8", headers={"Cache-Control": KEPT}
    )


@require_safe
def styleguide(request: HttpRequest) -> HttpResponse:
    """Every component and state on one page; not in production."""
    if not (settings.DEVELOPMENT or settings.DEMO_MODE):
        raise Http404
    return render(request, "styleguide/index.html", styleguide_samples.build())
