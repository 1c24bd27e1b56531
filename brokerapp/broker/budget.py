"""One budget of calls for all processes, in Redis: writes first, then what a person waits for, then polls.

It knows only what the broker said last, counts calls in until the next reply, and forgets at the window's
end. Without Redis each process goes by the replies to its own calls.
"""

from functools import cache
from typing import cast

from brokerapp.broker import shared
from brokerapp.broker.alpaca.rate_limit import KEPT_FREE, LocalBudget, Priority, Word, priority

__all__ = ["Priority", "SharedBudget", "budget_of", "priority"]

TAKE = """
local left = tonumber(redis.call('HGET', KEYS[1], 'left'))
if not left then return 0 end
local limit = tonumber(redis.call('HGET', KEYS[1], 'limit'))
if left <= limit * tonumber(ARGV[1]) then return math.max(redis.call('PTTL', KEYS[1]), 1) end
redis.call('HINCRBY', KEYS[1], 'left', -1)
return 0
"""
"""Milliseconds until another call is possible, or 0 and one less left. ARGV: the share kept free."""

NOTE = """
local known = tonumber(redis.call('HGET', KEYS[1], 'reset')) or 0
local told = tonumber(ARGV[3])
if told > 0 and told < known - 1 then return 0 end
redis.call('HSET', KEYS[1], 'left', ARGV[1], 'limit', ARGV[2], 'reset', math.max(told, known))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
"""
"""Take over what a reply says, unless it is about an earlier window. ARGV: left, limit, reset, ms."""


class SharedBudget:
    """The budget of one of the broker's addresses."""

    def __init__(self, base_url: str) -> None:
        self._key = f"broker:budget:{base_url}"
        self._local = LocalBudget()

    def take(self, level: Priority) -> float:
        """Count one call in and return 0, or the seconds until another one is possible."""
        answer = shared.ask(lambda client: client.eval(TAKE, 1, self._key, str(KEPT_FREE[level])))
        return self._local.take(level) if answer is None else cast(int, answer) / 1000

    def note(self, word: Word) -> None:
        """Hear what a reply says, and tell the other processes."""
        self._local.note(word)
        milliseconds = max(1, int(word.seconds * 1000))
        said = (str(word.left), str(word.limit), str(int(word.reset)), str(milliseconds))
        shared.ask(lambda client: client.eval(NOTE, 1, self._key, *said))

    def left(self) -> tuple[int, int] | None:
        """How many calls are left of how many, by what the broker said last; None if nothing is known now."""
        answer = shared.ask(lambda client: client.hmget(self._key, ["left", "limit"]))
        if answer is None or None in (said := cast("list[bytes | None]", answer)):
            return None
        left, limit = (int(value or 0) for value in said)
        return left, limit

    def forget(self) -> None:
        """Forget what the broker said, here and for the other processes."""
        self._local = LocalBudget()
        shared.ask(lambda client: client.delete(self._key))


@cache
def budget_of(base_url: str) -> SharedBudget:
    """The budget of an address, one object a process."""
    return SharedBudget(base_url)
