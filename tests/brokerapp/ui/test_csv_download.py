"""CSV downloads."""

import csv
import io
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from brokerapp.ui.csv_download import Cell, csv_response


def _table(*rows: tuple[Cell, ...]) -> list[list[str]]:
    body = csv_response("a.csv", ["A", "B"], rows).getvalue().decode()
    return list(csv.reader(io.StringIO(body)))


def test_csv_response_writes_exact_figures_and_utc() -> None:
    at = datetime(2026, 3, 4, 14, 30, tzinfo=UTC)
    assert _table((Decimal("-1234567.890000000"), at), (date(2026, 3, 4), None)) == [
        ["A", "B"],
        ["-1234567.89", "2026-03-04T14:30:00Z"],
        ["2026-03-04", ""],
    ]


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "  =1", "\n=1"])
def test_csv_response_disarms_a_text_that_reads_as_a_formula(text: str) -> None:
    assert _table((text, 'a, "b"'))[1] == [f"'{text}", 'a, "b"']


def test_csv_response_is_a_download_that_is_not_kept() -> None:
    response = csv_response("gains-2026.csv", ["A"], [])
    assert response["Content-Disposition"] == 'attachment; filename="gains-2026.csv"'
    assert response["Content-Type"] == "text/csv; charset=utf-8"
    assert response["Cache-Control"] == "no-store"


def test_csv_response_reads_rows_only_as_they_are_sent() -> None:
    read: list[int] = []

    def rows() -> Iterator[tuple[int]]:
        for number in range(3):
            read.append(number)
            yield (number,)

    lines = iter(csv_response("a.csv", ["A"], rows()))
    next(lines), next(lines)
    assert read == [0]
