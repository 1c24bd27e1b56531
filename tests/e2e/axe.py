"""Accessibility checks with axe-core, from `node_modules`."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

SCRIPT = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (1280, 390)
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page: Page, within: str = "html", rule: str = "") -> list[str]:
    """What breaks WCAG 2.2 A and AA (or one rule) on this page, a line each; empty when nothing does."""
    if not SCRIPT.exists():
        pytest.fail("axe-core is not installed: run npm ci --ignore-scripts")
    if not page.evaluate("'axe' in window"):
        page.evaluate(SCRIPT.read_text())
    only = {"type": "rule", "values": [rule]} if rule else {"type": "tag", "values": STANDARDS}
    options = {"runOnly": only, "resultTypes": ["violations"]}
    results = page.evaluate("([within, options]) => axe.run(within, options)", [within, options])
    return [
        f"{finding['id']}: {node['target']} {node['failureSummary']}"
        for finding in results["violations"]
        for node in finding["nodes"]
    ]


def axe_everywhere(page: Page) -> list[str]:
    """What breaks at each width in light, which colors do in dark, and where the page scrolls sideways."""
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    found = []
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        found += [f"{page.url} at {width} px: {finding}" for finding in axe(page)]
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} scrolls sideways at {width} px")
    page.emulate_media(color_scheme="dark")
    return found + [f"{page.url} in dark: {finding}" for finding in axe(page, rule="color-contrast")]
