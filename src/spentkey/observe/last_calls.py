"""What the last call to each system said about whether that system is within reach."""

from dataclasses import dataclass

from spentkey.observe.observer import Called, Observer
from spentkey.ports.runtime import Clock


@dataclass(frozen=True)
class LastCalls:
    """How the last call to a system ended, and when, on the monotonic clock."""

    within_reach: bool
    at: float


class LastKnown(Observer):
    """Remembers the last call to each system. A system that is away does not answer, fails, or refuses the key."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._known: dict[str, LastCalls] = {}

    def called(self, call: Called) -> None:
        """Take a call into account."""
        away = call.status in ("none", "refused", "401") or call.status[0] in "35"
        self._known[call.system] = LastCalls(call.usable and not away, self._clock.monotonic())

    def of(self, system: str) -> LastCalls | None:
        """What is known about a system; None before the first call."""
        return self._known.get(system)
