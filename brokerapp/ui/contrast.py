"""Colours of a brand, and whether they can be read: WCAG 2.2, "contrast ratio". Pure."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

AA = 4.5
"""The least contrast of text (WCAG 2.2, 1.4.3)."""
HEX = re.compile(r"#[0-9a-fA-F]{6}")
WHITE, BLACK = "#ffffff", "#000000"
LIGHT_BACKGROUNDS = {"the page": "#f6f7f9", "cards": "#ffffff", "sunken areas": "#edf0f4"}
DARK_BACKGROUNDS = {"the page": "#0e141b", "cards": "#161e28", "sunken areas": "#1e2833"}
"""As in static/css/tokens.css, which a test holds them against."""
TEXT_ON_BRIGHT = "#0e141b"


@dataclass(frozen=True)
class Tones:
    """What is made of a brand's colour in one theme: as text, stronger, text on it, and a tint behind it."""

    primary: str
    strong: str
    on_primary: str
    tint: str


@dataclass(frozen=True)
class Colors:
    """A brand's colours in both themes."""

    light: Tones
    dark: Tones


def ratio(one: str, other: str) -> float:
    """The contrast of two colours `#rrggbb`, from 1 to 21."""
    bright, dim = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (bright + 0.05) / (dim + 0.05)


def _luminance(color: str) -> float:
    def linear(value: float) -> float:
        return value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(part / 255) for part in _parts(color))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _parts(color: str) -> tuple[int, int, int]:
    """Raises `ValueError`."""
    if not HEX.fullmatch(color):
        raise ValueError(f"{color!r} is no color: write it as #1d4e89")
    return int(color[1:3], 16), int(color[3:5], 16), int(color[5:7], 16)


def mixed(color: str, with_: str, share: float) -> str:
    """A colour with a share (0 to 1) of another in it."""
    pairs = zip(_parts(color), _parts(with_), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def colors_of(color: str, dark: str = "") -> Colors:
    """All tones of a brand, from its colour and, if given, its colour on dark backgrounds.

    Without that the colour is lightened until it can be read there. Raises `ValueError`.
    """
    _parts(color)
    return Colors(
        light=Tones(color, mixed(color, BLACK, 0.25), _text_on(color), mixed(WHITE, color, 0.08)),
        dark=_dark_tones(dark or _lightened(color)),
    )


def _dark_tones(color: str) -> Tones:
    return Tones(color, mixed(color, WHITE, 0.35), _text_on(color), mixed("#161e28", color, 0.1))


def _text_on(color: str) -> str:
    return max((WHITE, TEXT_ON_BRIGHT), key=lambda text: ratio(text, color))


def _lightened(color: str) -> str:
    for step in range(21):
        lighter = mixed(color, WHITE, step / 20)
        if all(ratio(lighter, back) >= AA + 1 for back in DARK_BACKGROUNDS.values()):
            return lighter
    return WHITE


def unreadable(colors: Colors) -> Iterator[tuple[bool, str, float]]:
    """Where the contrast is too small: whether in the dark theme, what with what, and the ratio."""
    for is_dark, tones, backgrounds in (
        (False, colors.light, LIGHT_BACKGROUNDS),
        (True, colors.dark, DARK_BACKGROUNDS),
    ):
        for place, back in backgrounds.items():
            yield from _too_small(is_dark, f"as text on {place}", tones.primary, back)
        yield from _too_small(is_dark, "as text on its own tint", tones.primary, tones.tint)
        yield from _too_small(is_dark, "under the text of buttons", tones.primary, tones.on_primary)
        yield from _too_small(is_dark, "under the text of pressed buttons", tones.strong, tones.on_primary)


def _too_small(is_dark: bool, what: str, one: str, other: str) -> Iterator[tuple[bool, str, float]]:
    if (found := ratio(one, other)) < AA:
        yield is_dark, what, found


def as_css(colors: Colors) -> str:
    """The custom properties of the design system that carry the brand."""
    light, dark = colors.light, colors.dark
    pairs = (
        ("primary", light.primary, dark.primary),
        ("brand", light.primary, dark.primary),  # the admin site's own sheet takes `primary` for itself
        ("primary-strong", light.strong, dark.strong),
        ("on-primary", light.on_primary, dark.on_primary),
        ("info-tint", light.tint, dark.tint),
    )
    lines = "".join(f"    --{name}: light-dark({a}, {b});\n" for name, a, b in pairs)
    return f"@layer tokens {{\n  :root {{\n{lines}  }}\n}}\n"
