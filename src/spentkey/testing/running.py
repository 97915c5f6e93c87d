"""How a suite runs one test: an event loop of its own, and a fresh rig."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TypeVar

R = TypeVar("R")


def with_rig(rig: AbstractAsyncContextManager[R], do: Callable[[R], Awaitable[None]]) -> None:
    """Open the rig, run the test, and close the rig whatever happened."""

    async def run() -> None:
        async with rig as opened:
            await do(opened)

    asyncio.run(run())
