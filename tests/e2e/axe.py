"""Accessibility checks with axe-core, from `node_modules`."""

from pathlib import Path
from typing import Literal

import pytest
from django.conf import settings
from playwright.sync_api import Page

Theme = Literal["light", "dark"]

SCRIPT = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
SIGHTS: list[tuple[int, Theme]] = [(1280, "light"), (390, "dark")]
"""Widths and themes in which every page is looked at: each of them once."""
OTHER_SIGHTS: list[tuple[int, Theme]] = [(1280, "dark"), (390, "light")]
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
RUN = "([within, options]) => axe.run(within, options).then(results => results.violations)"


def axe(page: Page, within: str = "html", rule: str = "") -> list[str]:
    """What breaks WCAG 2.2 A and AA (or one rule) on this page, a line each; empty when nothing does."""
    if not SCRIPT.exists():
        pytest.fail("axe-core is not installed: run npm ci --ignore-scripts")
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT.read_text())
    only = {"type": "rule", "values": [rule]} if rule else {"type": "tag", "values": STANDARDS}
    # Without the style sheets being fetched once more, for rules that are not run.
    options = {"runOnly": only, "resultTypes": ["violations"], "preload": False}
    violations = page.evaluate(RUN, [within, options])
    return [
        f"{finding['id']}: {node['target']} {node['failureSummary']}"
        for finding in violations
        for node in finding["nodes"]
    ]


def axe_everywhere(page: Page, *, frame: bool = False) -> list[str]:
    """What breaks at each width and in each theme, and where the page scrolls sideways.

    What is at one width only is nearly always of the frame around a page, and colors go by the theme. So only
    with `frame` are the colors of the other two sights looked at as well.
    """
    found = []
    for width, theme in SIGHTS:
        look_at(page, width, theme)
        found += [f"{page.url} at {width} px in {theme}: {finding}" for finding in axe(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} scrolls sideways at {width} px")
    for width, theme in OTHER_SIGHTS if frame else []:
        look_at(page, width, theme)
        contrast = axe(page, rule="color-contrast")
        found += [f"{page.url} at {width} px in {theme}: {finding}" for finding in contrast]
    return found


def look_at(page: Page, width: int, theme: Theme) -> None:
    """Give the page this width and theme, with nothing moving."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")
    page.set_viewport_size({"width": width, "height": 900})
