"""Failures on request: which of the next calls, streams or events go wrong, and how.

Armed faults are rows, so they outlive a restart. Whether a fault with a rate strikes is a function of the
seed, the fault's id and how many calls it has seen: the same calls fail in the same way in every run.
"""

import fnmatch

from sandbox.kernel.noise import key_of, uniform
from sandbox.state import rows
from sandbox.state.store import Store

CALL_ACTIONS = ("refuse", "drop_reply", "delay", "delay_reply", "status", "malformed")
STREAM_ACTIONS = ("cut_stream", "silent_stream")
EVENT_ACTIONS = ("duplicate_event", "reorder_event", "withhold_event")
ACTIONS = CALL_ACTIONS + STREAM_ACTIONS + EVENT_ACTIONS


class Faults:
    """Armed faults, oldest first; the first that matches and strikes is used up by one."""

    def __init__(self, store: Store, seed: int) -> None:
        self._store = store
        self._seed = seed

    def arm(self, fault: rows.Fault) -> rows.Fault:
        """Give it the next free number. Part of the caller's transaction."""
        fault.id = str(max((int(other.id) for other in self._store.faults), default=0) + 1)
        self._store.add(fault)
        return fault

    def armed(self) -> list[rows.Fault]:
        return list(self._store.faults)

    def take(
        self, method: str, path: str, actions: tuple[str, ...] = CALL_ACTIONS, account_id: str = ""
    ) -> rows.Fault | None:
        """The fault that strikes here, if any. A transaction of its own: call it between others."""
        if not len(self._store.faults):
            return None
        found = self._struck(method, path, actions, account_id)
        self._store.commit()
        return found

    def _struck(self, method: str, path: str, actions: tuple[str, ...], account_id: str) -> rows.Fault | None:
        for fault in self.armed():
            if fault.action not in actions or not matches(fault, method, path):
                continue
            if fault.account_id and fault.account_id != account_id:
                continue
            if not self._strikes(fault):
                continue
            if fault.times is not None:
                fault.times -= 1
                if fault.times <= 0:
                    self._store.remove(fault)
            return fault
        return None

    def _strikes(self, fault: rows.Fault) -> bool:
        self._store.edit(fault).seen += 1
        if fault.rate is None:
            return True
        seed = self._seed if fault.seed is None else fault.seed
        return uniform(key_of(seed, f"fault {fault.id}"), fault.seen) < fault.rate


def matches(fault: rows.Fault, method: str, path: str) -> bool:
    """``path`` is a prefix, or a glob when it holds ``*`` or ``?``."""
    if fault.method not in ("*", method):
        return False
    if "*" in fault.path or "?" in fault.path:
        return fnmatch.fnmatchcase(path, fault.path)
    return path.startswith(fault.path)
