"""What the broker says of its rate limit: `X-RateLimit-Remaining`, `-Reset` (unix seconds), `Retry-After`."""

import time
from collections.abc import Callable, Mapping


class RateLimit:
    """The last word about one key's budget; share it between the threads that use the key."""

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._state: tuple[int, float] | None = None

    def note(self, headers: Mapping[str, str]) -> None:
        """Remember a reply's headers; replies without them change nothing."""
        remaining, reset = _number(headers, "X-RateLimit-Remaining"), _number(headers, "X-RateLimit-Reset")
        if remaining is not None and reset is not None:
            self._state = (int(remaining), reset)

    def wait(self) -> float:
        """Seconds until calls are possible again: 0 while some are left."""
        if self._state is None or self._state[0] > 0:
            return 0.0
        return max(0.0, self._state[1] - self._clock())

    def retry_after(self, headers: Mapping[str, str]) -> float | None:
        """Seconds to wait after a 429; None if it does not say."""
        seconds = _number(headers, "Retry-After")
        if seconds is not None:
            return max(0.0, seconds)
        reset = _number(headers, "X-RateLimit-Reset")
        return None if reset is None else max(0.0, reset - self._clock())


def _number(headers: Mapping[str, str], name: str) -> float | None:
    try:
        return float(headers.get(name, ""))
    except ValueError:
        return None
