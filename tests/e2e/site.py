"""The web process alone, with neither tables nor a broker: enough for pages that read no row."""

import os
import signal
import subprocess
from pathlib import Path
from typing import Self

from tests.e2e.stack import ROOT, START_SECONDS, answers, wait_or_kill
from tests.sandbox_process import eventually, free_port


class Site:
    """`with Site(folder) as site: page.goto(site.url)`."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "web.log"
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        path = f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
        own = {"HOST": "127.0.0.1", "PORT": str(self.port), "SITE_URL": self.url, "PATH": path}
        with self.log.open("wb") as log:
            self._process = subprocess.Popen(
                [ROOT / "bin" / "process", "web"],
                cwd=ROOT,
                env=os.environ | own,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        eventually(
            lambda: answers(f"{self.url}/styleguide/"), timeout=START_SECONDS, what="the site answering"
        )
        return self

    def __exit__(self, *_: object) -> None:
        os.killpg(self._process.pid, signal.SIGTERM)
        wait_or_kill(self._process)
