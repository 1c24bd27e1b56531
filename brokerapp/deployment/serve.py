"""`python -m brokerapp.deployment.serve`: the web process, or as many as WEB_CONCURRENCY says on one port."""

import argparse
import os

import django
import uvicorn
from django.db import connections

STOP_SECONDS = 4
"""How long a page may go on after the process was told to stop."""


def main(arguments: list[str] | None = None) -> None:
    """Serve until told to stop. Raises `SystemExit` for settings that could hurt."""
    parser = argparse.ArgumentParser(prog="python -m brokerapp.deployment.serve")
    parser.add_argument("application", nargs="?", default="brokerapp.asgi:application")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--workers", type=int, default=int(os.environ.get("WEB_CONCURRENCY") or 1))
    parser.add_argument("--log-level", default="warning")
    options = parser.parse_args(arguments)
    if options.workers > 1:
        refuse_before_workers()
    uvicorn.run(
        options.application,
        host=options.host,
        port=options.port,
        workers=options.workers,
        log_level=options.log_level,
        http="brokerapp.web.protocol:PatientProtocol",
        ws="none",
        # Headers of proxies are read by our own rules (brokerapp/web/addresses.py).
        proxy_headers=False,
        server_header=False,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )


def refuse_before_workers() -> None:
    """Look at the settings here: a worker that refuses to start would be started again and again."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "brokerapp.settings")
    django.setup()
    from brokerapp.deployment.start import refuse_unsafe

    refuse_unsafe()
    connections.close_all()


if __name__ == "__main__":
    main()
