"""`make audit`: known vulnerabilities of what production installs, and the list of it (SBOM)."""

import datetime as dt
import json
import re
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from devstack.errors import StackError
from devstack.paths import ROOT
from devstack.sbom import write_sboms

PIP_AUDIT = ROOT / ".venv" / "bin" / "pip-audit"
LOCKS = ("requirements/prod.txt", "requirements/sandbox.txt")
EXCEPTIONS = ROOT / "requirements" / "audit-exceptions.toml"
AUDIT_SECONDS = 600


class NoDatabase(Exception):
    """The database of vulnerabilities did not answer; the text says how."""


@dataclass(frozen=True)
class Exempt:
    """A vulnerability that does not concern us, why, and until when that is believed."""

    id: str
    reason: str
    until: dt.date


def audit() -> None:
    """Write the SBOMs, then look every locked package up. Raises StackError for a vulnerability without an
    exception, and for an exception that is over. A database that is away is said and fails nothing.
    """
    for file in write_sboms():
        print(f"Written: {file.relative_to(ROOT)}", flush=True)
    exempt = read_exceptions(EXCEPTIONS.read_text(), dt.datetime.now(dt.UTC).date())
    try:
        found = {line for lock in LOCKS for line in vulnerabilities(lock, exempt)}
    except NoDatabase as reason:
        print(f"Vulnerabilities were NOT looked up: {reason}", flush=True)
        return
    if found:
        raise StackError("Known vulnerabilities:\n" + "\n".join(sorted(found)))
    print(f"No known vulnerabilities in {' and '.join(LOCKS)}.", flush=True)


def read_exceptions(text: str, today: dt.date) -> list[Exempt]:
    """The exceptions in force. Raises StackError for one that is over or gives no reason."""
    given = [Exempt(**row) for row in tomllib.loads(text).get("exception", [])]
    for one in given:
        if not one.reason.strip():
            raise StackError(f"The exception for {one.id} gives no reason.")
        if one.until < today:
            raise StackError(f"The exception for {one.id} ended on {one.until}: look at it again.")
    return given


def vulnerabilities(lock: str, exempt: Sequence[Exempt]) -> list[str]:
    """A line for each known vulnerability of what a lock names. Raises NoDatabase."""
    command = [
        *(str(PIP_AUDIT), "--requirement", lock, "--require-hashes", "--disable-pip"),
        *("--vulnerability-service", "osv", "--format", "json", "--progress-spinner", "off"),
        *(part for one in exempt for part in ("--ignore-vuln", one.id)),
    ]
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=AUDIT_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise NoDatabase(f"the database did not answer within {AUDIT_SECONDS} seconds") from None
    try:
        return list(lines_of(json.loads(done.stdout)))
    except ValueError:
        raise NoDatabase(reason_of(done.stderr)) from None


def lines_of(report: dict[str, Any]) -> list[str]:
    """pip-audit's report as lines."""
    return [
        f"{package['name']} {package['version']}: {found['id']}"
        f" (mended in {', '.join(found['fix_versions']) or 'no version yet'})"
        for package in report["dependencies"]
        for found in package.get("vulns", [])
    ]


def reason_of(output: str) -> str:
    """Why pip-audit has no report, without the addresses that it names."""
    kinds = re.findall(r"\b\w+(?:Error|Exception|Timeout|Refused)\b", output)
    return f"the database cannot be reached from here ({kinds[-1] if kinds else 'no report'})"
