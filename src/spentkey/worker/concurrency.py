"""Places to work: so many in each lane, and whoever waits for time or for a turn gives its place back meanwhile.

A lane is a tenant, so that one whose systems are slow or away does not hold up the other. Verification, Retry-After
and the pause between two writes hold no place. Whoever comes back goes before those who have not begun, and takes a
place too many after a second: it may hold something, such as the sign-in, that everybody with a place is waiting for.
"""

import asyncio
from collections import defaultdict, deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from weakref import WeakValueDictionary

from spentkey.core.errors import Stopping
from spentkey.ports.locks import Turns
from spentkey.ports.runtime import Clock

PATIENCE_S = 1.0
"""How long whoever comes back waits for a place to become free."""
UNDER_WAY = 16
"""How many tasks of a lane may be under way for each place in it; most of them wait.

A removal is busy for some 2 s at 100 ms an answer, and takes 27 s with its verification.
"""


@dataclass
class _Lane:
    busy: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])
    returning: deque[asyncio.Future[None]] = field(default_factory=deque[asyncio.Future[None]])


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

    @asynccontextmanager
    async def given_back(self) -> AsyncGenerator[None]:
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
                await self._come_back(held.lane)

    async def _take(self, lane: _Lane) -> None:
        self.go_on()
        if lane.busy < self.in_lane and not lane.waiting and not lane.returning:
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

    async def _come_back(self, lane: _Lane) -> None:
        """Take a place before anybody new; one is taken in any case, so that it can be left again."""
        if lane.busy >= self.in_lane:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            lane.returning.append(turn)
            try:
                await asyncio.wait({turn}, timeout=PATIENCE_S)
            finally:
                if not turn.done() or turn.cancelled():
                    turn.cancel()
                    lane.busy += 1
            return
        lane.busy += 1

    def _leave(self, lane: _Lane) -> None:
        lane.busy -= 1
        for queue in (lane.returning, lane.waiting):
            while queue and lane.busy < self.in_lane:
                if self._tell(queue.popleft(), None):
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
        async with self.places.given_back():
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


class PlacedTurns:
    """The `Turns` port for tasks in places: who waits for a turn holds no place.

    Inside this process the wait is here; for other processes the turns themselves wait, by the clock above.
    """

    def __init__(self, turns: Turns, places: Places) -> None:
        self._turns, self._places = turns, places
        self._here: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def task(self, number: int) -> AsyncGenerator[None]:
        """One worker on a task."""
        async with self._alone(f"task {number}"), self._turns.task(number):
            yield

    @asynccontextmanager
    async def turn(self, app_id: str) -> AsyncGenerator[None]:
        """One writer on an application."""
        async with self._alone(f"application {app_id}"), self._turns.turn(app_id):
            yield

    @asynccontextmanager
    async def _alone(self, name: str) -> AsyncGenerator[None]:
        lock = self._here.setdefault(name, asyncio.Lock())
        if lock.locked():
            async with self._places.given_back():
                await lock.acquire()
        else:
            await lock.acquire()
        try:
            self._places.go_on()
            yield
        finally:
            lock.release()
