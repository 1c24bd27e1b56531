"""Whose site it is: name, logo, colours, company and addresses, all from the settings."""

import hashlib
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from brokerapp.ui import contrast
from brokerapp.ui.links import page_url

LOGO_TYPES = {".svg": "image/svg+xml", ".png": "image/png"}
MOST_LOGO_BYTES = 200_000
OURS, OURS_DARK = "#1d4e89", "#8db8f0"
"""The colours of the design system, for a site that has none of its own."""


@dataclass(frozen=True)
class Brand:
    """What pages and mails say of the company."""

    name: str
    entity: str
    address: str
    registration: str
    support_email: str
    support_phone: str
    support_hours: str
    logo_url: str
    icon_url: str
    """Of the browser's tab: the logo, else our icon in the company's colour; empty where there is neither."""
    colors_url: str


def brand() -> Brand:
    """The company of this site."""
    return _made_of(
        settings.BRAND_NAME,
        settings.LEGAL_ENTITY or settings.BRAND_NAME,
        settings.LEGAL_ADDRESS,
        settings.LEGAL_REGISTRATION,
        settings.SUPPORT_EMAIL,
        settings.SUPPORT_PHONE,
        settings.SUPPORT_HOURS,
        settings.BRAND_LOGO,
        (settings.BRAND_COLOR, settings.BRAND_COLOR_DARK),
    )


@lru_cache(maxsize=8)
def _made_of(*given: Any) -> Brand:
    """Every page asks for it: the hashes are worked out once."""
    name, entity, address, registration, email, phone, hours, logo, (color, dark) = given
    css = contrast.as_css(contrast.colors_of(color, dark)).encode() if color else b""
    icon = logo_of(logo) if logo else icon_in(color) if color else b""
    return Brand(
        name=name,
        entity=entity,
        address=address,
        registration=registration,
        support_email=email,
        support_phone=phone,
        support_hours=hours,
        logo_url=_versioned("brand_logo", icon) if logo else "",
        icon_url=_versioned("brand_logo", icon) if icon else "",
        colors_url=_versioned("brand_colors", css) if css else "",
    )


def _versioned(name: str, content: bytes) -> str:
    """An address that changes with what it answers, so that browsers may keep it for long."""
    return f"{page_url(name)}?v={hashlib.sha256(content).hexdigest()[:12]}"


@lru_cache(maxsize=8)
def logo_of(path: str) -> bytes:
    """The logo's file. Raises `OSError` if it cannot be read; `brand_checks` looks at it before the start."""
    return Path(path).read_bytes()


@lru_cache(maxsize=8)
def icon_in(color: str) -> bytes:
    """Our icon as an SVG, on this colour."""
    drawn = (settings.BASE_DIR / "static" / "img" / "favicon.svg").read_text()
    return drawn.replace(f'fill="{OURS}"', f'fill="{color}"').encode()


def colors() -> contrast.Colors:
    """The brand's colours in both themes. Raises `ValueError` for a setting that is no colour."""
    return contrast.colors_of(settings.BRAND_COLOR, settings.BRAND_COLOR_DARK)


def colors_css() -> str:
    """The colours as a style sheet, after `tokens.css`."""
    return contrast.as_css(colors())
