"""Bad input of any kind gets the vendor's error shape. ``python -m benchmarks.fuzz`` sends many more."""

from collections.abc import Iterator

import pytest

from tests.sandbox.fuzz import Target, request_of
from tests.sandbox.process import process_at

REQUESTS = 2_000


@pytest.fixture
def target(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A process of its own: other tests need a clock that nobody moves."""
    with process_at(tmp_path_factory.mktemp("fuzz") / "state") as process:
        target = Target(process)
        yield target
        target.close()


def test_no_request_makes_a_500_or_a_hang(target: Target) -> None:
    failures = [failure for number in range(REQUESTS) if (failure := target.check(request_of(1, number)))]

    assert failures == []
    assert target.share_of(200) > 0.1, "some of the requests must get past the checks"


def test_request_is_the_same_for_the_same_numbers() -> None:
    assert request_of(1, 7) == request_of(1, 7)
    assert len({str(request_of(1, number)) for number in range(50)}) == 50
