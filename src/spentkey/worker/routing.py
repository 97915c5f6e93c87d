"""Which route a task belongs to, and which application lock it will need: a hint that saves waiting and decides nothing.

The story reads the task again and judges by itself; a wrong route costs some waiting and no more.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Container, Sequence
from dataclasses import dataclass

from spentkey.core.errors import PROBLEMS
from spentkey.core.guards import g0_task_is_ours, g2_tenant
from spentkey.core.outcome import Refused
from spentkey.core.rules import RequestRules, TenantRules
from spentkey.core.task import Request, Task, TaskRef, read_request
from spentkey.ports.service_desk import ServiceDesk

DESK = "desk"
"""The route of tasks that name no tenant: they are handed over, and meet the service desk alone."""


@dataclass(frozen=True)
class Route:
    """A route, and the application whose lock the task will need, where it names one."""

    queue: str
    lock: str | None = None


UNSORTED = Route(DESK)
"""Where a task waits until it was read."""


def route_of(task: Task, shown: Request, rules: RequestRules, tenants: Sequence[TenantRules]) -> Route | None:
    """The route and application by what the task says; None when it is not ours, so that it need not be queued."""
    if g0_task_is_ours(task, shown, rules) is not None:
        return None
    request = read_request(shown, rules)
    if isinstance(request, Refused):
        return UNSORTED
    tenant = g2_tenant(request, tenants)
    return UNSORTED if isinstance(tenant, Refused) else Route(tenant.name, request.app_id)


async def nothing() -> None:
    """Where there is nothing to do before the queue is looked at."""


@dataclass(frozen=True)
class Router:
    """Reads what is needed to find the routes of tasks."""

    desk: ServiceDesk
    rules: RequestRules
    tenants: Sequence[TenantRules]
    before_poll: Callable[[], Awaitable[None]] = nothing
    """What a worker does before it looks at the queue."""

    @property
    def queues(self) -> tuple[str, ...]:
        """All routes."""
        return (*(tenant.name for tenant in self.tenants), DESK)

    async def queue(self) -> list[Task]:
        """The open tasks of the queue team that no other person has taken."""
        return [task for task in await self.desk.queue() if g0_task_is_ours(task, None, self.rules) is None]

    async def route(self, task: Task) -> Route | None:
        """The slot of a task of the queue; what cannot be read now is sorted by the story."""
        try:
            return route_of(task, await self.desk.request(task), self.rules, self.tenants)
        except PROBLEMS:
            return UNSORTED

    async def new_in_queue(self, held: Container[TaskRef], at_once: int) -> AsyncIterator[list[tuple[TaskRef, Route]]]:
        """The tasks of the queue that are not held yet, with their slots, so many at a time in the order of the queue."""
        await self.before_poll()
        fresh = [task for task in await self.queue() if task.ref not in held]
        for at in range(0, len(fresh), at_once):
            some = fresh[at : at + at_once]
            routes = await asyncio.gather(*(self.route(task) for task in some))
            yield [(task.ref, route) for task, route in zip(some, routes, strict=True) if route is not None]

    async def find(self, ref: TaskRef) -> Route:
        """The slot of a task of which only the reference is known."""
        try:
            task = await self.desk.find(ref)
        except PROBLEMS:
            return UNSORTED
        return (await self.route(task) if task is not None else None) or UNSORTED
