from collections.abc import Iterator

import pytest
from django.core.cache import cache


@pytest.fixture(autouse=True)
def no_limits() -> Iterator[None]:
    """What was tried in another test does not count."""
    cache.clear()
    yield
    cache.clear()
