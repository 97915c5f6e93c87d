"""Fencing: what a worker must still hold when it sends a write, where several machines share the work.

A worker that was stopped for longer than its lease does not know it. So the locks set a fencing token for as
long as a task is worked on. A write asks for it right before it is sent, and the evidence checks the same leases in
the transaction that appends a record. On one machine the kernel keeps the locks, and there is nothing to ask.
"""

from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from contextvars import ContextVar

FenceCheck = Callable[[], Awaitable[None]]
"""Raises `Busy` when the work was taken over by another worker."""

_tokens: ContextVar[tuple[int, ...]] = ContextVar("claims", default=())
_check_fence: ContextVar[FenceCheck | None] = ContextVar("permit", default=None)


def fencing_tokens() -> tuple[int, ...]:
    """The numbers of the claims under which the present work is done; none on one machine."""
    return _tokens.get()


async def check_fence() -> None:
    """Ask whether the present work may still write."""
    check = _check_fence.get()
    if check is not None:
        await check()


@contextmanager
def holding(token: int, check: FenceCheck) -> Generator[None]:
    """Work under one claim more."""
    held, asked = _tokens.set((*_tokens.get(), token)), _check_fence.set(check)
    try:
        yield
    finally:
        _tokens.reset(held)
        _check_fence.reset(asked)
