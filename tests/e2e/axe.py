"""Accessibility checks with axe-core, from `node_modules`."""

from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Page

SCRIPT = Path(settings.BASE_DIR) / "node_modules" / "axe-core" / "axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def axe(page: Page, within: str = "html", rule: str = "") -> list[str]:
    """What breaks WCAG 2.2 A and AA (or one rule) on this page, a line each; empty when nothing does."""
    if not SCRIPT.exists():
        pytest.fail("axe-core is not installed: run npm ci --ignore-scripts")
    page.evaluate(SCRIPT.read_text())
    only = {"type": "rule", "values": [rule]} if rule else {"type": "tag", "values": STANDARDS}
    results = page.evaluate("([within, only]) => axe.run(within, {runOnly: only})", [within, only])
    return [
        f"{finding['id']}: {node['target']} {node['failureSummary']}"
        for finding in results["violations"]
        for node in finding["nodes"]
    ]
