"""The rate limit: a budget of requests for each minute of the machine's clock."""

import time


class RateWindow:
    """Requests left in the current minute; one budget, as there is one key."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._minute = 0
        self._used = 0

    def take(self) -> bool:
        """Whether one more request fits."""
        self._begin()
        fits = self._used < self.limit
        self._used += fits
        return fits

    def headers(self) -> dict[str, str]:
        """The three that every reply has; reset is in Unix seconds."""
        self._begin()
        return {
            "x-ratelimit-limit": str(self.limit),
            "x-ratelimit-remaining": str(self.remaining),
            "x-ratelimit-reset": str(self.reset),
        }

    @property
    def remaining(self) -> int:
        return max(self.limit - self._used, 0)

    @property
    def reset(self) -> int:
        """Unix second at which the budget is whole again."""
        return (self._minute + 1) * 60

    def _begin(self) -> None:
        minute = int(time.time()) // 60
        if minute != self._minute:
            self._minute, self._used = minute, 0
