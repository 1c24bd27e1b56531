from datetime import UTC, datetime

import pytest

from brokerapp.web import moments

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)


@pytest.mark.parametrize(("seconds", "asked"), [(60.0, 1), (0.0, 3)])
def test_for_a_moment_asks_once_within_it(
    monkeypatch: pytest.MonkeyPatch, seconds: float, asked: int
) -> None:
    monkeypatch.setattr(moments, "SECONDS", seconds)
    calls: list[datetime] = []

    @moments.for_a_moment
    def find(now: datetime) -> int:
        calls.append(now)
        return len(calls)

    assert [find(NOW) for _ in range(3)][-1] == asked
