"""Noise with random access: the same key and index give the same number on every machine and run.

Prices are paths of a Brownian bridge. Any point is found by halving the interval around it, so a point costs
O(log n) hashes and needs no walk through the points before it.
"""

from bisect import bisect_left
from hashlib import sha256
from math import inf, log, sqrt

import msgspec

MASK = (1 << 64) - 1
# Steele, Lea and Flood's splitmix64: the step is 2^64 over the golden ratio.
STEP = 0x9E3779B97F4A7C15
MIX_1 = 0xBF58476D1CE4E5B9
MIX_2 = 0x94D049BB133111EB

# The sum of four 16-bit numbers has this mean and standard deviation.
SUM_MEAN = 2 * 65535
SUM_DEVIATION = sqrt(4 * (65536**2 - 1) / 12)

HIGH, LOW, HIGH_INDEX, LOW_INDEX = range(-4, 0)
"""Indices no path point has, for the draws that shape a path."""


def key_of(seed: int, text: str) -> int:
    """A 64-bit key for a name under a seed."""
    return int.from_bytes(sha256(f"{seed}:{text}".encode()).digest()[:8])


def draw(key: int, index: int) -> int:
    """64 well-mixed bits for an index (negative ones too). Also makes a child's key from a parent's."""
    bits = (key + index * STEP) & MASK
    bits = ((bits ^ (bits >> 30)) * MIX_1) & MASK
    bits = ((bits ^ (bits >> 27)) * MIX_2) & MASK
    return bits ^ (bits >> 31)


def uniform(key: int, index: int) -> float:
    """A number strictly between 0 and 1."""
    return ((draw(key, index) >> 12) + 0.5) * 2.0**-52


def normal(key: int, index: int) -> float:
    """A nearly normal number of mean 0 and deviation 1, never beyond 3.47."""
    bits = draw(key, index)
    total = (bits & 0xFFFF) + (bits >> 16 & 0xFFFF) + (bits >> 32 & 0xFFFF) + (bits >> 48)
    return (total - SUM_MEAN) / SUM_DEVIATION


def bridge(key: int, index: int, left: tuple[int, float], right: tuple[int, float], scale: float) -> float:
    """The value at index of a Brownian bridge between two (index, value); scale is one step's deviation."""
    (low, start), (high, end) = left, right
    while low < index < high:
        middle = (low + high) >> 1
        before, after, span = middle - low, high - middle, high - low
        spread = scale * sqrt(before * after / span)
        value = (start * after + end * before) / span + spread * normal(key, middle)
        if index < middle:
            high, end = middle, value
        else:
            low, start = middle, value
    return end if index >= high else start


class Path(msgspec.Struct, frozen=True):
    """A bridge over the indices 0 to length that touches its high and its low, and never leaves them."""

    key: int
    knots: tuple[tuple[int, float], ...]
    high: float
    low: float
    scale: float

    @property
    def start(self) -> float:
        return self.knots[0][1]

    @property
    def end(self) -> float:
        return self.knots[-1][1]

    def at(self, index: int) -> float:
        """The value at an index from 0 to length."""
        position = bisect_left(self.knots, (index, -inf))
        right = self.knots[position]
        if right[0] == index:
            return right[1]
        value = bridge(self.key, index, self.knots[position - 1], right, self.scale)
        # A reflected path looks like a path; a clipped one would lie flat along its high.
        if value > self.high:
            value = 2 * self.high - value
        elif value < self.low:
            value = 2 * self.low - value
        return min(max(value, self.low), self.high)


def path_between(
    key: int, length: int, start: float, end: float, scale: float, floor: float = -inf, ceiling: float = inf
) -> Path:
    """A path of at least 3 steps from start to end, which both lie within floor and ceiling.

    High and low are drawn from the distribution of a Brownian bridge's extremes, then held within the bounds.
    """
    move = end - start
    variance = 2 * scale * scale * length
    up = (move + sqrt(move * move - variance * log(uniform(key, HIGH)))) / 2
    down = (move - sqrt(move * move - variance * log(uniform(key, LOW)))) / 2
    high = min(max(start + up, start, end), ceiling)
    low = max(min(start + down, start, end), floor)
    high_index = 1 + draw(key, HIGH_INDEX) % (length - 1)
    low_index = 1 + draw(key, LOW_INDEX) % (length - 2)
    low_index += low_index >= high_index
    knots = sorted(((0, start), (high_index, high), (low_index, low), (length, end)))
    return Path(key=key, knots=tuple(knots), high=high, low=low, scale=scale)
