"""What works on tasks on and on: hands, places and the engine that the settings choose."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace

from spentkey.assemble import hands_with
from spentkey.assemble_kept import Kept, engine_for, kept_for
from spentkey.core.outcome import Result
from spentkey.engine.lanes import Sorter
from spentkey.engine.local import once
from spentkey.engine.places import PlacedClock, PlacedTurns, Places
from spentkey.engine.port import Engine
from spentkey.ports import Clock, Ids, Meter, Progress
from spentkey.settings import Settings
from spentkey.steps.case import Hands
from spentkey.story import work_on
from spentkey.system import SystemClock, SystemIds, allow_many_files
from spentkey.transport.measure import UNMEASURED

Trying = Callable[[int, Hands], Awaitable[Result]]
"""One try at a task with these hands: the story, or the story with somebody who watches."""


@dataclass
class Rounds:
    """The runs of a service, by which guard G8 counts: one for each poll interval of a process."""

    clock: Clock
    ids: Ids
    length_s: float
    _current: str = ""
    _ends: float = 0.0

    def current(self) -> str:
        """The id of the present run."""
        now = self.clock.monotonic()
        if now >= self._ends:
            self._current, self._ends = self.ids.new(), now + self.length_s
        return self._current


@dataclass(frozen=True)
class Crew:
    """Hands in places, and what sorts tasks into them."""

    hands: Hands
    places: Places
    sorter: Sorter
    kept: Kept
    clock: Clock

    async def once(self) -> list[Result]:
        """Work on every task that is open now: one run for guard G8."""
        return await once(self.sorter, self.places, lambda number: work_on(number, self.hands))


@dataclass(frozen=True)
class Service:
    """An engine, and the hands that it works with."""

    engine: Engine
    hands: Hands


@asynccontextmanager
async def crew_for(
    settings: Settings,
    progress: Progress,
    *,
    use_proxies: bool = True,
    clock: Clock | None = None,
    meter: Meter = UNMEASURED,
) -> AsyncGenerator[Crew]:
    """Hands whose waits hold no place."""
    allow_many_files()
    places, time = Places(settings.engine.concurrency), clock or SystemClock()
    placed = PlacedClock(time, places)
    async with (
        kept_for(settings, placed) as kept,
        hands_with(kept, settings, progress, placed, use_proxies=use_proxies, meter=meter) as bare,
    ):
        hands = replace(bare, turns=PlacedTurns(kept.turns, places))
        sorter = Sorter(hands.desk, hands.rules.desk, hands.rules.tenants)
        yield Crew(hands, places, sorter, kept, time)


@asynccontextmanager
async def service_for(
    settings: Settings,
    progress: Progress,
    trying: Trying = work_on,
    *,
    use_proxies: bool = True,
    clock: Clock | None = None,
    meter: Meter = UNMEASURED,
) -> AsyncGenerator[Service]:
    """The engine of one machine, or of several where `engine.database_url` is set."""
    async with crew_for(settings, progress, use_proxies=use_proxies, clock=clock, meter=meter) as crew:
        rounds = Rounds(crew.clock, SystemIds(), settings.engine.poll_s)

        async def work(number: int) -> Result:
            return await trying(number, replace(crew.hands, run=rounds.current()))

        async with engine_for(settings, crew.kept, crew.sorter, work, crew.places, crew.clock) as engine:
            yield Service(engine, crew.hands)
