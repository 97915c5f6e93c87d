"""One machine: Ivanti is the durable queue, and asyncio works on several tasks at once.

A crash loses nothing: the next run finds the open tasks again and reads what is true.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


async def in_parallel(numbers: Sequence[int], work: Callable[[int], Awaitable[T]], concurrency: int) -> list[T]:
    """Work on all tasks, at most `concurrency` at once; the results come in the order of the numbers.

    A bug in one task does not end the others: it is raised when all are done.
    """
    places = asyncio.Semaphore(concurrency)
    done: dict[int, T] = {}

    async def one(number: int) -> None:
        async with places:
            done[number] = await work(number)

    ended = await asyncio.gather(*(one(number) for number in numbers), return_exceptions=True)
    for end in ended:
        if isinstance(end, BaseException):
            raise end
    return [done[number] for number in numbers]
