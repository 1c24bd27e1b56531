"""The commands of `python -m devstack`."""

import argparse
import signal
import sys

from devstack.errors import StackError
from devstack.paths import DEV_DIR
from devstack.run import run
from devstack.services import running_services


def main(arguments: list[str] | None = None) -> int:
    """Run one command; the process's exit code. A StackError becomes one line on standard error and code 1."""
    parser = argparse.ArgumentParser(prog="python -m devstack")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="everything").set_defaults(run=lambda _: run())
    commands.add_parser("services", help="PostgreSQL and Valkey alone, in the foreground").set_defaults(run=services)
    options = parser.parse_args(arguments)
    try:
        return int(options.run(options) or 0)
    except StackError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def services(_: argparse.Namespace) -> None:
    """Run the embedded servers until Ctrl-C, after printing their variables for the shell."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with running_services(DEV_DIR / "data", given={}, throwaway=False) as variables:
        for name, value in variables.items():
            print(f"{name}={value}", flush=True)
        signal.pause()
