"""New revisions of agreements."""

from dataclasses import replace

import pytest

from onboarding import agreements


def revise(monkeypatch: pytest.MonkeyPatch, revision: str) -> None:
    """Put a new revision of the customer agreement in the place of the one that drafts have signed."""
    texts = tuple(
        replace(text, revision=revision) if text.key == "customer_agreement" else text
        for text in agreements.AGREEMENTS
    )
    monkeypatch.setattr(agreements, "AGREEMENTS", texts)
    monkeypatch.setattr(agreements, "BY_KEY", {text.key: text for text in texts})
