"""`make lock`: pins every package, with hashes, from pyproject.toml and package.json."""

import shutil
import subprocess

from devstack.errors import StackError
from devstack.paths import ROOT

UV = ROOT / ".venv" / "bin" / "uv"
COMMON = [
    "--universal",
    "--python-version=3.11",
    "--generate-hashes",
    "--no-emit-index-url",
    "--no-annotate",
    "-q",
]
LOCKS = {
    "requirements/dev.txt": ["pyproject.toml", "--group", "dev"],
    "requirements/prod.txt": ["pyproject.toml"],
    "requirements/sandbox.txt": ["--group", "sandbox"],
    "requirements/node.txt": ["--group", "node"],
}


def lock() -> None:
    """Write every lock anew. Raises StackError when a resolver fails."""
    for target, sources in LOCKS.items():
        print(f"Locking {target} …", flush=True)
        _run([str(UV), "pip", "compile", *COMMON, *sources, "--upgrade", "--output-file", target])
    npm = shutil.which("npm")
    if npm is None:
        print("There is no npm on this machine: package-lock.json stays as it is.")
        return
    print("Locking package-lock.json …", flush=True)
    _run([npm, "update", "--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund"])


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise StackError(f"{command[0]} failed: {(done.stderr or done.stdout).strip()}")
