from decimal import Decimal
from typing import Any

import pytest


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that were sent, by name, instead of sending them."""
    names: list[str] = []
    monkeypatch.setattr("brokerapp.workflow.jobs._send", lambda task, path, ids: names.append(path))
    return names


def refusal(message: str, code: int = 40310000, **members: Any) -> dict[str, Any]:
    """The broker's error body."""
    return {"code": code, "message": message, **members}


CASH: dict[str, Any] = {name: Decimal(1000) for name in ("cash", "buying_power", "equity")}
