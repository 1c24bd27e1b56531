from tests.funding.conftest import broker

__all__ = ["broker"]
