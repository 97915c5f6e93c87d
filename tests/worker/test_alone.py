"""The gate: work beside others, and work that is alone in its process."""

import asyncio
from collections.abc import AsyncGenerator, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from waiting import let_others_run

from spentkey.core.errors import Stopping
from spentkey.worker.alone import Gate
from spentkey.worker.concurrency import Slots


class Room:
    """Who is inside, and in which order they came."""

    def __init__(self) -> None:
        self.slots = Slots(4)
        self.gate = Gate(self.slots)
        self.inside: set[str] = set()
        self.came: list[str] = []
        self.doors: dict[str, asyncio.Event] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def enter(self, name: str, *, alone: bool = False) -> asyncio.Task[None]:
        """Come, and stay until let out; who comes alone has a name in capitals."""
        self.doors[name] = asyncio.Event()
        task = asyncio.create_task(self._stay(name, alone))
        self._tasks.append(task)
        await let_others_run(2)
        return task

    async def _stay(self, name: str, alone: bool) -> None:
        async with self.gate.alone() if alone else self.gate.beside():
            self.inside.add(name)
            self.came.append(name)
            try:
                await self.doors[name].wait()
            finally:
                self.inside.discard(name)

    async def out(self, *names: str) -> None:
        """Let these go."""
        for name in names:
            self.doors[name].set()
        await let_others_run(2)

    async def end(self) -> None:
        """Whoever is left goes."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@asynccontextmanager
async def room() -> AsyncGenerator[Room]:
    """An empty room."""
    made = Room()
    yield made
    await made.end()


async def test_work_beside_others_goes_in_together() -> None:
    """Nobody wants to be alone."""
    async with room() as here:
        for name in "abc":
            await here.enter(name)
        assert here.inside == {*"abc"}


async def test_who_wants_to_be_alone_waits_for_those_inside_and_holds_up_those_who_come() -> None:
    """Else it would wait for ever where work never ends."""
    async with room() as here:
        await here.enter("a")
        await here.enter("B", alone=True)
        await here.enter("c")
        assert here.inside == {"a"}
        await here.out("a")
        assert here.inside == {"B"}
        await here.out("B")
        assert here.inside == {"c"}


async def test_those_who_waited_go_in_before_the_next_that_is_alone() -> None:
    """So that many of these hold nobody up for longer than one takes."""
    async with room() as here:
        for name in ("A", "B"):
            await here.enter(name, alone=True)
        for name in ("c", "d"):
            await here.enter(name)
        await here.out("A")
        assert here.inside == {"c", "d"}
        await here.enter("e")
        assert here.inside == {"c", "d"}
        await here.out("c")
        assert here.inside == {"d"}
        await here.out("d")
        assert here.inside == {"B"}
        await here.out("B")
        assert here.came == ["A", "c", "d", "B", "e"]


@pytest.mark.parametrize("alone", [True, False])
async def test_who_gives_up_waiting_is_not_waited_for(alone: bool) -> None:
    """A task that is cancelled holds nobody up."""
    async with room() as here:
        await here.enter("A", alone=True)
        gone = await here.enter("x", alone=alone)
        await here.enter("c")
        gone.cancel()
        await let_others_run(2)
        await here.out("A")
        assert here.inside == {"c"}


async def test_those_behind_one_who_gave_up_do_not_wait_for_those_inside() -> None:
    """The only one that wanted to be alone is gone."""
    async with room() as here:
        await here.enter("a")
        gone = await here.enter("B", alone=True)
        await here.enter("c")
        gone.cancel()
        await let_others_run(2)
        assert here.inside == {"a", "c"}


@pytest.mark.parametrize("alone", [True, False])
async def test_a_stop_ends_the_waiting(alone: bool) -> None:
    """Nothing new begins then."""
    async with room() as here:
        await here.enter("A", alone=True)
        waiting = await here.enter("x", alone=alone)
        here.slots.stop()
        with pytest.raises(Stopping):
            await within_a_second(waiting)
        assert here.inside == {"A"}


async def within_a_second(task: "asyncio.Task[None] | Coroutine[Any, Any, None]") -> None:
    """Fail rather than hang."""
    async with asyncio.timeout(1):
        await task


async def test_who_waits_has_no_slot() -> None:
    """The task that is alone may need it."""
    async with room() as here:
        await here.enter("A", alone=True)

        async def beside() -> None:
            async with here.slots.hold("lane"), here.gate.beside():
                here.inside.add("x")

        waiting = asyncio.create_task(beside())
        await let_others_run(2)
        assert here.slots.busy("lane") == 0
        await here.out("A")
        await within_a_second(waiting)
        assert "x" in here.inside
