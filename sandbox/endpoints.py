"""Every endpoint the sandbox serves, collected from the modules of each area."""

from types import ModuleType

from sandbox import accounts, control, documents, funding
from sandbox.api import Endpoint

AREAS: tuple[ModuleType, ...] = (accounts, documents, funding, control)

ENDPOINTS: list[Endpoint] = [
    endpoint
    for area in AREAS
    for handler in vars(area).values()
    if getattr(handler, "__module__", None) == area.__name__
    for endpoint in getattr(handler, "endpoints", ())
]
