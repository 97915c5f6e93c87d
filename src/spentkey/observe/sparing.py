"""One log line a minute of each kind, for events that strangers or outages can cause as often as they like."""

from dataclasses import dataclass, field
from typing import Any

from spentkey.observe.logs import logger
from spentkey.ports.runtime import Clock

MINUTE_S = 60.0
MOST_KINDS = 200
"""Kinds that are told apart; kinds come from our own code, so that there are few."""


@dataclass
class _Counted:
    told: float
    left_out: int = 0


@dataclass
class SparingLog:
    """Writes the first event of a kind in a minute, with how many were left out since the line before."""

    clock: Clock
    _kinds: dict[str, _Counted] = field(default_factory=dict[str, _Counted])

    def tell(self, kind: str, level: str, event: str, **facts: Any) -> None:
        """One more event of that kind; `level` is `info` or `warning`."""
        now = self.clock.monotonic()
        known = self._kinds.get(kind)
        if known is not None and now - known.told < MINUTE_S:
            known.left_out += 1
            return
        if known is None and len(self._kinds) >= MOST_KINDS:
            self._kinds.clear()
        self._kinds[kind] = _Counted(now)
        more = {"left_out": known.left_out} if known is not None and known.left_out else {}
        getattr(logger(), level)(event, **facts, **more)
