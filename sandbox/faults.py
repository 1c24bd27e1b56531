"""Failures on request: which of the next calls go wrong, and how."""

import dataclasses
import fnmatch
from typing import Any, Literal

Action = Literal["refuse", "drop_reply", "delay", "status"]
ACTIONS = ("refuse", "drop_reply", "delay", "status")


@dataclasses.dataclass(slots=True)
class Fault:
    """``refuse``: drop the connection before acting. ``drop_reply``: act, then drop it.
    ``status``: answer that status before acting. ``delay``: wait ``seconds``, then act."""

    id: int
    action: Action
    method: str = "*"
    path: str = "*"  # a prefix, or a glob when it holds "*" or "?"
    times: int = 1  # how many calls are left
    status: int = 500
    seconds: float = 0.0
    message: str = ""

    def matches(self, method: str, path: str) -> bool:
        if self.method not in ("*", method):
            return False
        if "*" in self.path or "?" in self.path:
            return fnmatch.fnmatchcase(path, self.path)
        return path.startswith(self.path)


class Faults:
    """Armed faults, oldest first; the first that matches a call is used up by one."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []
        self._count = 0

    def arm(self, **members: Any) -> Fault:
        self._count += 1
        fault = Fault(id=self._count, **members)
        self._armed.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        for fault in self._armed:
            if fault.matches(method, path):
                fault.times -= 1
                if fault.times <= 0:
                    self._armed.remove(fault)
                return fault
        return None

    def armed(self) -> list[Fault]:
        return list(self._armed)

    def clear(self) -> None:
        self._armed.clear()
