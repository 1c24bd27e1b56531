from collections.abc import Iterator

import pytest
import responses


@pytest.fixture
def mocked_broker() -> Iterator[responses.RequestsMock]:
    """The broker, mocked at the wire."""
    with responses.RequestsMock() as mock:
        yield mock
