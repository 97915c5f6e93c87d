"""Waiting for other processes and tasks, in one place: something is looked at again and again, no time is slept through."""

import asyncio
import threading
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LOOK_S = 0.02
"""How long between two looks, in seconds."""
LONGEST_S = 60.0
"""How long a busy machine may take, in seconds; a test that waits for so long has failed."""


def until(look: Callable[[], T | None], within_s: float = LONGEST_S, looked_for: Callable[[], str] = lambda: "") -> T:
    """What `look` sees, as soon as that is neither None nor False; fails when there is nothing to see in time."""
    ends, moment = time.monotonic() + within_s, threading.Event()
    while (seen := look()) is None or seen is False:
        assert time.monotonic() < ends, f"it takes too long {looked_for()}"
        moment.wait(LOOK_S)
    return seen


async def until_so(condition: Callable[[], bool], within_s: float = LONGEST_S) -> None:
    """Wait in an event loop until something is so."""
    async with asyncio.timeout(within_s):
        while not condition():
            await a_look()


async def a_look() -> None:
    """The time between two looks, for others to work in."""
    with_nothing = asyncio.get_running_loop().create_future()
    asyncio.get_running_loop().call_later(LOOK_S, with_nothing.set_result, None)
    await with_nothing


async def let_others_run(looks: int = 5) -> None:
    """Time for other tasks, and for the database behind them, to do what they must not do."""
    for _ in range(looks):
        await a_look()


def lasts(seconds: float) -> None:
    """How long an outage lasts, in seconds, for processes that have clocks of their own."""
    threading.Event().wait(seconds)
