from itertools import pairwise
from statistics import fmean, pstdev

from hypothesis import given
from hypothesis import strategies as st

from sandbox.kernel.noise import bridge, draw, key_of, normal, path_between, uniform

keys = st.integers(0, 2**64 - 1)
values = st.floats(-5, 5)


def test_draw_is_the_same_on_every_machine():
    assert key_of(7, "AAPL") == 391415129695483095
    assert draw(1, 0) == 6238072747940578789
    assert draw(1, -1) != draw(1, 1)


def test_key_of_tells_seeds_and_names_apart():
    assert len({key_of(seed, name) for seed in range(20) for name in ("A", "B", "1:A")}) == 60


def test_normal_has_the_moments_of_a_normal():
    drawn = [normal(key_of(1, "x"), n) for n in range(20_000)]
    assert abs(fmean(drawn)) < 0.03
    assert abs(pstdev(drawn) - 1) < 0.03
    assert max(map(abs, drawn)) < 3.47


def test_uniform_stays_inside_its_open_interval_and_is_even():
    drawn = [uniform(key_of(1, "x"), n) for n in range(20_000)]
    assert 0 < min(drawn) < 0.01 < 0.99 < max(drawn) < 1
    assert abs(fmean(drawn) - 0.5) < 0.01


def test_bridge_steps_have_the_asked_deviation():
    points = [bridge(5, n, (0, 0.0), (4096, 0.0), 0.02) for n in range(4097)]
    steps = [after - before for before, after in pairwise(points)]
    assert abs(pstdev(steps) / 0.02 - 1) < 0.05


@given(keys, values, values)
def test_bridge_meets_both_of_its_ends(key, start, end):
    assert bridge(key, 3, (3, start), (11, end), 0.1) == start
    assert bridge(key, 11, (3, start), (11, end), 0.1) == end


@given(keys, st.integers(3, 400), values, values, st.floats(1e-6, 1))
def test_path_between_touches_its_extremes_and_never_leaves_them(key, length, start, end, scale):
    path = path_between(key, length, start, end, scale)
    points = [path.at(n) for n in range(length + 1)]
    assert (points[0], points[-1]) == (start, end)
    assert (max(points), min(points)) == (path.high, path.low)


@given(keys, st.floats(0, 1), st.floats(0, 1))
def test_path_between_bounds_stays_within_them(key, start, end):
    path = path_between(key, 59, start, end, 0.5, floor=0.0, ceiling=1.0)
    assert 0 <= path.low <= path.high <= 1
    assert {0 <= path.at(n) <= 1 for n in range(60)} == {True}
