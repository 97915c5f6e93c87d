"""Places to work: so many in each lane, and whoever waits for time or for a turn gives its place back meanwhile.

A lane is a tenant, so that one whose systems are slow or away does not hold up the other. Verification, Retry-After
and the pause between two writes hold no place. Whoever comes back takes a place at once, even when that is one too
many: it may hold a turn that somebody with a place is waiting for.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime

from spentkey.core.errors import Stopping
from spentkey.ports import Clock, Turns

UNDER_WAY = 8
"""How many tasks of a lane may be under way for each place in it; most of them wait."""


@dataclass
class _Lane:
    busy: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])


@dataclass
class _Held:
    """One place, and how many parts of its task wait at this moment."""

    lane: _Lane
    away: int = 0


_held: ContextVar[_Held | None] = ContextVar("place", default=None)


class Places:
    """The places of one process."""

    def __init__(self, in_lane: int) -> None:
        self.in_lane = in_lane
        self.stopping = asyncio.Event()
        """Set once, when all work is to come to a safe point."""
        self._lanes: defaultdict[str, _Lane] = defaultdict(_Lane)

    def busy(self, lane: str) -> int:
        """How many work in that lane at this moment."""
        return self._lanes[lane].busy

    def stop(self) -> None:
        """Let everybody who waits come to an end; whoever is between two waits goes on to the next."""
        self.stopping.set()
        for lane in self._lanes.values():
            while lane.waiting:
                self._tell(lane.waiting.popleft(), Stopping("the service is being stopped"))

    def go_on(self) -> None:
        """Raise `Stopping` when it is time to stop."""
        if self.stopping.is_set():
            raise Stopping("the service is being stopped; the task is taken up again at the next start")

    @asynccontextmanager
    async def place(self, lane: str) -> AsyncGenerator[None]:
        """Wait for a place in that lane, first come, first served, and keep it."""
        held = _Held(self._lanes[lane])
        await self._take(held.lane)
        token = _held.set(held)
        try:
            yield
        finally:
            _held.reset(token)
            self._leave(held.lane)

    @contextmanager
    def given_back(self) -> Generator[None]:
        """Be away from the place of the present task, if it has one."""
        held = _held.get()
        if held is None:
            yield
            return
        held.away += 1
        if held.away == 1:
            self._leave(held.lane)
        try:
            yield
        finally:
            held.away -= 1
            if held.away == 0:
                held.lane.busy += 1

    async def _take(self, lane: _Lane) -> None:
        self.go_on()
        if lane.busy < self.in_lane and not lane.waiting:
            lane.busy += 1
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        lane.waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._leave(lane)
            raise

    def _leave(self, lane: _Lane) -> None:
        lane.busy -= 1
        while lane.waiting and lane.busy < self.in_lane:
            if self._tell(lane.waiting.popleft(), None):
                lane.busy += 1

    @staticmethod
    def _tell(turn: asyncio.Future[None], problem: Stopping | None) -> bool:
        if turn.done():
            return False
        if problem is None:
            turn.set_result(None)
        else:
            turn.set_exception(problem)
        return True


@dataclass(frozen=True)
class PlacedClock:
    """The `Clock` port for tasks in places: who sleeps gives the place back, and wakes at once to stop."""

    clock: Clock
    places: Places

    def now(self) -> datetime:
        """The present time."""
        return self.clock.now()

    def monotonic(self) -> float:
        """Seconds that never go back."""
        return self.clock.monotonic()

    async def sleep(self, seconds: float) -> None:
        """Wait without a place; raises `Stopping` when the service is being stopped."""
        if _held.get() is None:
            await self.clock.sleep(seconds)
            return
        self.places.go_on()
        with self.places.given_back():
            await until_set(self.places.stopping, self.clock.sleep, seconds)
        self.places.go_on()


async def until_set(
    event: asyncio.Event, sleep: Callable[[float], Coroutine[None, None, None]], seconds: float
) -> None:
    """Sleep, but not beyond the moment when `event` is set."""
    sleeping, waiting = asyncio.ensure_future(sleep(seconds)), asyncio.ensure_future(event.wait())
    try:
        await asyncio.wait({sleeping, waiting}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for one in (sleeping, waiting):
            one.cancel()


@dataclass(frozen=True)
class PlacedTurns:
    """The `Turns` port for tasks in places: who waits for a turn holds no place."""

    turns: Turns
    places: Places

    @asynccontextmanager
    async def task(self, number: int) -> AsyncGenerator[None]:
        """One worker on a task."""
        async with AsyncExitStack() as stack:
            with self.places.given_back():
                await stack.enter_async_context(self.turns.task(number))
            self.places.go_on()
            yield

    @asynccontextmanager
    async def turn(self, app_id: str) -> AsyncGenerator[None]:
        """One writer on an application."""
        async with AsyncExitStack() as stack:
            with self.places.given_back():
                await stack.enter_async_context(self.turns.turn(app_id))
            self.places.go_on()
            yield
