from collections.abc import Iterator

import pytest
from alpaca.broker.client import BrokerClient

from tests.sandbox.contract import watched
from tests.sandbox.people import buy, open_account
from tests.sandbox.process import process_at
from tests.sandbox_process import SandboxProcess


@pytest.fixture(scope="session")
def sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SandboxProcess]:
    """One process for all tests that do not stop it; each opens accounts of its own."""
    with process_at(tmp_path_factory.mktemp("sandbox") / "state", speed=1000) as process:
        yield process


@pytest.fixture(scope="session")
def sdk(sandbox: SandboxProcess) -> Iterator[BrokerClient]:
    """Alpaca's own client, unmodified; its replies are held against the contract too."""
    with watched(lambda: BrokerClient(sandbox.key, sandbox.secret, url_override=sandbox.url)) as client:
        yield client


@pytest.fixture
def account_id(sandbox: SandboxProcess) -> str:
    """An ACTIVE account with 20,000 USD, for one test."""
    return open_account(sandbox, cash="20000")


@pytest.fixture
def holder_id(sandbox: SandboxProcess, account_id: str) -> str:
    """The same, holding 2 AAPL."""
    buy(sandbox, account_id, qty="2")
    return account_id


@pytest.fixture(autouse=True)
def no_leftover_faults(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "sandbox" in request.fixturenames:
        request.getfixturevalue("sandbox").clear_faults()
