"""The brand's settings, looked at before any process starts: a colour that cannot be read is refused."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from brokerapp.ui import branding, contrast

TAG = "deployment"
"""Of the checks that every process makes first (`brokerapp.deployment.start`)."""


@register(TAG)
def check_brand(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether the logo is there and the colours can be read in both themes (WCAG 2.2 AA)."""
    return [*_logo(), *_colors()]


def _logo() -> Iterator[CheckMessage]:
    if not settings.BRAND_LOGO:
        return
    path = Path(settings.BRAND_LOGO)
    if path.suffix not in branding.LOGO_TYPES or not path.is_file():
        yield Error(
            f"BRAND_LOGO is {path}, which is no file of a logo.",
            hint="An .svg or .png that this process can read.",
            id="ui.E001",
        )
    elif path.stat().st_size > branding.MOST_LOGO_BYTES:
        yield Error(
            f"BRAND_LOGO has {path.stat().st_size} bytes, and every visitor loads it.",
            hint=f"At most {branding.MOST_LOGO_BYTES}.",
            id="ui.E002",
        )


def _colors() -> Iterator[CheckMessage]:
    if not settings.BRAND_COLOR:
        if settings.BRAND_COLOR_DARK:
            yield Error("BRAND_COLOR_DARK is set without BRAND_COLOR.", hint="Set both.", id="ui.E003")
        return
    for name in ("BRAND_COLOR", "BRAND_COLOR_DARK"):
        value = getattr(settings, name)
        if value and not contrast.HEX.fullmatch(value):
            yield Error(f"{name} is {value}, which is no color.", hint="Write it as #1d4e89.", id="ui.E003")
            return
    for is_dark, what, found in contrast.unreadable(branding.colors()):
        name = "BRAND_COLOR_DARK" if is_dark else "BRAND_COLOR"
        value = getattr(settings, name) or f"made of BRAND_COLOR ({settings.BRAND_COLOR})"
        theme = "dark" if is_dark else "light"
        yield Error(
            f"{name} is {value}: {what}, in the {theme} theme, its contrast is {found:.1f} and has to be "
            f"{contrast.AA}.",
            hint="A lighter color." if is_dark else "A darker color.",
            id="ui.E004",
        )
