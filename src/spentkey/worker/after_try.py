"""One try at one task, and what becomes of the task then: the same for every engine."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from spentkey.core.errors import SpentkeyError, Stopping
from spentkey.core.guard_reasons import G5_OUR_CLOCK
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.ports.runtime import Clock
from spentkey.worker.backoff import OTHERWISE, CircuitBreaker, met_outage, retry_delay
from spentkey.worker.concurrency import Slots
from spentkey.worker.routing import Route, Router

Work = Callable[[TaskRef], Awaitable[Result]]
"""The story of the task of that reference."""
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """The task leaves the queue."""


@dataclass(frozen=True)
class RetryIn:
    """The task is tried again, after so many seconds."""

    seconds: float
    elsewhere_s: float | None = None
    """After how many seconds another machine may try it, where only this one is at fault."""


@dataclass(frozen=True)
class MoveTo:
    """The task belongs into another queue, and nothing was tried yet."""

    route: Route


AfterTry = Done | RetryIn | MoveTo


class Tries:
    """The tries of one process: each takes a slot, and hears the circuit breaker of its queue."""

    def __init__(self, router: Router, work: Work, slots: Slots, clock: Clock, poll_s: float) -> None:
        self._router, self._work, self._slots, self._clock, self._poll_s = router, work, slots, clock, poll_s
        self._breakers = {queue: CircuitBreaker(poll_s) for queue in router.queues}
        self._outages: dict[TaskRef, int] = {}
        self._right_at = 0.0

    def rest_s(self) -> float:
        """How long this process leaves tasks to others, in seconds, because its clock is wrong; 0 when it does not."""
        return max(0.0, self._right_at - self._clock.monotonic())

    def wait_s(self, task: TaskRef, queue: str) -> float:
        """How long the circuit breaker of the queue holds the task up, in seconds; 0 when it may start."""
        return self._breakers[queue].wait_s(task, self._clock.monotonic())

    async def after_try(self, task: TaskRef, route: Route, *, routed: bool) -> AfterTry:
        """Wait for a slot and try the task; `routed` says that its route was found, and is not only a first guess."""
        after, outage = RetryIn(OTHERWISE * self._poll_s), None
        try:
            async with self._slots.hold(route.queue):
                after, outage = await self._in_slot(task, route, routed=routed)
        except Stopping:
            after = RetryIn(self._poll_s)
        except SpentkeyError as problem:
            logger.warning("task %s is left open: %s", task, problem)
        except Exception as problem:  # noqa: BLE001  # a bug in one task must not end the work on the others
            logger.error("task %s met a bug (%s); it is tried again later", task, type(problem).__name__)
        self._breakers[route.queue].note(task, outage=outage, now=self._clock.monotonic())
        return after

    async def _in_slot(self, task: TaskRef, route: Route, *, routed: bool) -> tuple[AfterTry, bool | None]:
        """Also returns whether a system was away; None where that is not known."""
        held_up_s = self.wait_s(task, route.queue)  # the breaker may have opened while this task waited for its slot
        if held_up_s > 0:
            return RetryIn(held_up_s), None
        found = route if routed else await self._router.find(task)
        if found != route:
            return MoveTo(found), None
        result = await self._work(task)
        outages, outage = self._outages.pop(task, 0), met_outage(result)
        if outage:
            self._outages[task] = outages + 1
        delay_s = retry_delay(result, outages, self._clock.now(), self._poll_s)
        if delay_s is not None and result.reason_code == G5_OUR_CLOCK.code:
            self._right_at = self._clock.monotonic() + OTHERWISE * self._poll_s
            return RetryIn(delay_s, elsewhere_s=self._poll_s), None  # no system is away
        return Done() if delay_s is None else RetryIn(delay_s), outage
