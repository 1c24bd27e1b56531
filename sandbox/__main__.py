"""``python -m sandbox``: read the command line, open the state folder, serve."""

import argparse
import datetime as dt
import logging
import signal
import sys
from pathlib import Path

from sandbox.endpoints import ENDPOINTS
from sandbox.kernel.log import StateError
from sandbox.server import make_server
from sandbox.state.world import Settings, World

FIRST_YEAR, LAST_YEAR = 1970, 2098  # as far as the trading calendar reaches


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m sandbox", description="A stand-in for Alpaca's Broker API."
    )
    parser.add_argument("--port", type=int, default=8100)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument(
        "--state", type=Path, required=True, metavar="DIR", help="folder that holds all state"
    )
    parser.add_argument("--speed", type=_positive, default=60.0, help="divides waiting times (default 60)")
    parser.add_argument("--market", choices=("open", "real"), default="real", help="open: never closes")
    parser.add_argument("--seed", type=int, default=1, help="of the price process")
    parser.add_argument("--begin", type=_instant, metavar="INSTANT", help="where a new folder's clock starts")
    parser.add_argument("--key", default=Settings.__dataclass_fields__["key"].default)
    parser.add_argument("--secret", default=Settings.__dataclass_fields__["secret"].default)
    parser.add_argument("--rate-limit", type=int, default=1_000_000, help="requests a minute before a 429")
    return parser.parse_args(arguments)


def _instant(text: str) -> dt.datetime:
    value = dt.datetime.fromisoformat(text)
    if value.tzinfo is None or not FIRST_YEAR <= value.year <= LAST_YEAR:
        raise argparse.ArgumentTypeError("must be an RFC 3339 timestamp with an offset, from 1970 to 2098")
    return value


def _positive(text: str) -> float:
    value = float(text)
    if not 0.001 <= value <= 1_000_000:
        raise argparse.ArgumentTypeError("must be between 0.001 and 1000000")
    return value


def main(arguments: list[str] | None = None) -> int:
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    options = parse_arguments(arguments)
    settings = Settings(
        state=options.state, speed=options.speed, market=options.market, seed=options.seed,
        key=options.key, secret=options.secret, rate_limit=options.rate_limit, begin=options.begin,
    )  # fmt: skip
    try:
        world = World(settings)
    except StateError as error:
        print(f"sandbox: {error}", file=sys.stderr)
        return 2
    server = make_server(world, ENDPOINTS, options.host, options.port)
    for stop in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises them again once it has shut down
        signal.signal(stop, lambda *_: sys.exit(0))
    server.run()
    return 0 if server.started else 1


if __name__ == "__main__":
    sys.exit(main())
