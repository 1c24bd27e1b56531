import datetime as dt
import json
from pathlib import Path

import pytest

from devstack import audit
from devstack.audit import lines_of, read_exceptions, reason_of
from devstack.errors import StackError
from devstack.paths import ROOT
from devstack.sbom import python_packages, write_sboms

TODAY = dt.date(2027, 3, 1)
EXCEPTION = '[[exception]]\nid = "PYSEC-1"\nreason = "%s"\nuntil = %s\n'
REPORT = {
    "dependencies": [
        {"name": "django", "version": "5.2", "vulns": []},
        {"name": "pillow", "version": "1.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["1.1"]}]},
        {"name": "skipped", "skip_reason": "not found"},
    ]
}


def test_lines_of_names_package_vulnerability_and_cure() -> None:
    assert lines_of_report() == ["pillow 1.0: PYSEC-1 (mended in 1.1)"]


def lines_of_report() -> list[str]:
    return list(lines_of({"dependencies": REPORT["dependencies"][:2]}))


def test_read_exceptions_takes_those_with_a_reason_and_a_day() -> None:
    found = read_exceptions(EXCEPTION % ("not called", "2027-03-01"), TODAY)

    assert [one.id for one in found] == ["PYSEC-1"]


@pytest.mark.parametrize(("reason", "until"), [("", "2027-03-02"), ("not called", "2027-02-28")])
def test_read_exceptions_refuses_one_without_a_reason_or_past_its_day(reason: str, until: str) -> None:
    with pytest.raises(StackError, match="PYSEC-1"):
        read_exceptions(EXCEPTION % (reason, until), TODAY)


def test_exceptions_of_the_project_are_in_force() -> None:
    read_exceptions(audit.EXCEPTIONS.read_text(), dt.datetime.now(dt.UTC).date())


def test_reason_of_names_no_address() -> None:
    said = "ERROR: requests.exceptions.ConnectionError: HTTPSConnectionPool(host='db.example.org', port=443)"

    assert reason_of(said) == "the database cannot be reached from here (ConnectionError)"


def stand_in(folder: Path, script: str) -> Path:
    """A pip-audit that says what it is told."""
    program = folder / "pip-audit"
    program.write_text(f"#!/bin/sh\n{script}\n")
    program.chmod(0o755)
    return program


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(audit, "write_sboms", list)
    return tmp_path


def test_audit_fails_for_a_known_vulnerability(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (elsewhere / "report.json").write_text(json.dumps({"dependencies": REPORT["dependencies"][:2]}))
    monkeypatch.setattr(audit, "PIP_AUDIT", stand_in(elsewhere, f"cat {elsewhere}/report.json; exit 1"))

    with pytest.raises(StackError, match=r"pillow 1\.0: PYSEC-1"):
        audit.audit()


def test_audit_says_why_it_could_not_look(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    failing = "echo 'ConnectionError: https://db.example.org/' >&2; exit 1"
    monkeypatch.setattr(audit, "PIP_AUDIT", stand_in(elsewhere, failing))

    audit.audit()

    said = capsys.readouterr().out
    assert "Vulnerabilities were NOT looked up" in said
    assert "example.org" not in said


def test_write_sboms_lists_every_locked_package_with_its_hashes(tmp_path: Path) -> None:
    files = {file.name: json.loads(file.read_text()) for file in write_sboms(tmp_path)}

    app = files["app.cdx.json"]
    assert (app["bomFormat"], app["specVersion"]) == ("CycloneDX", "1.6")
    named = {component["purl"].split("@")[0] for component in app["components"]}
    assert {"pkg:pypi/django", "pkg:npm/lightweight-charts"} <= named
    assert "pkg:npm/axe-core" not in named
    assert len(python_packages("requirements/prod.txt")) == (
        (ROOT / "requirements/prod.txt").read_text().count("==") - marked_versions()
    )
    assert all(component["hashes"] for component in app["components"])
    assert "pkg:pypi/starlette" in {
        component["purl"].split("@")[0] for component in files["sandbox.cdx.json"]["components"]
    }


def marked_versions() -> int:
    """Comparisons in environment markers, which pin nothing."""
    text = (ROOT / "requirements/prod.txt").read_text()
    return sum(
        line.split(";", 1)[1].count("==") for line in text.splitlines() if ";" in line and "==" in line
    )
