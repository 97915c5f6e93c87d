"""When a task that was left open is tried again, and how an outage stops a route until the system is back.

All times are multiples of the poll interval (30 s unless configured): after an outage 1, 2, 4 and so on up to 30
intervals (30 s to 15 min); what a limit of guard G8 stops, when the limit allows, but not within 2; the rest after 10.
"""

from dataclasses import dataclass
from datetime import datetime

from spentkey.core.outcome import Result, TicketState
from spentkey.core.task import TaskRef

LONGEST, OTHERWISE, LIMITED, BUSY = 30, 10, 2, 2
"""Delays in poll intervals."""
TOLERATED = 3
"""How many tasks of a route in a row must meet an outage before the route is stopped."""


def retry_delay(result: Result, tries: int, now: datetime, poll_s: float) -> float | None:
    """In how many seconds the task is tried again; None when it leaves the queue. `tries` counts from 0."""
    if result.ticket is not TicketState.OPEN:
        return None
    if result.not_before is not None:
        return max(LIMITED * poll_s, (result.not_before - now).total_seconds())
    if result.guard == "G8":
        return LIMITED * poll_s
    if result.guard == "G9":
        return BUSY * poll_s
    if result.outage:
        return min(LONGEST, 2.0 ** min(tries, 16)) * poll_s
    return OTHERWISE * poll_s


def met_outage(result: Result) -> bool:
    """Whether a system was away; waiting for another worker's lock, or until a known moment, is no outage."""
    return result.outage and result.guard is None and result.not_before is None


@dataclass
class CircuitBreaker:
    """Stops one route while a system is away; then one task at a time checks whether it is back."""

    poll_s: float
    in_a_row: int = 0
    delay_s: float = 0.0
    until: float = 0.0
    probing: TaskRef | None = None

    @property
    def resting(self) -> bool:
        """Whether the route is stopped."""
        return self.delay_s > 0

    def wait_s(self, task: TaskRef, now: float) -> float:
        """How long this task must wait; 0 when it may start, and in a pause it is then the one that looks."""
        if not self.resting:
            return 0.0
        if now < self.until:
            return self.until - now
        if self.probing not in (None, task):
            return self.poll_s
        self.probing = task
        return 0.0

    def note(self, task: TaskRef, *, outage: bool | None, now: float) -> None:
        """Take into account how a task ended; one that was under way before the pause does not make it longer.

        `outage` is None where the task ended without having looked.
        """
        looked = self.probing == task
        if looked:
            self.probing = None
        if outage is None:
            return
        if not outage:
            self.in_a_row, self.delay_s = 0, 0.0
            return
        self.in_a_row += 1
        if looked or (self.in_a_row >= TOLERATED and not self.resting):
            self.delay_s = min(LONGEST * self.poll_s, max(self.poll_s, 2 * self.delay_s))
            self.until = now + self.delay_s
