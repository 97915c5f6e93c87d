"""Bugs in code whose variables hold secrets: reported by type and line, without any value.

A traceback that shows variables (many tools make such) would show headers, bodies and documents of every frame that
it goes through. So those frames do not take part: what is raised inside is replaced at their edge.
"""

import functools
import inspect
import traceback
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")


class Bug(Exception):
    """An unexpected error without any value: its type, and the lines that it passed."""


def without_values(*expected: type[Exception]) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Let `expected` through as they are, and turn any other exception of a function into a `Bug` without frames.

    The function's own arguments stay visible, so they must be fit for that: `Secret`, or functions that make values.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        if inspect.iscoroutinefunction(function):
            return cast("Callable[P, R]", _around_coroutine(function, expected))
        return _around(function, expected)

    return decorate


def _around(function: Callable[P, R], expected: tuple[type[Exception], ...]) -> Callable[P, R]:
    @functools.wraps(function)
    def around(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except expected:
            raise
        except Exception as problem:  # noqa: BLE001  # whatever it is, its frames are left out
            bug = _told(problem)
        raise bug

    return around


def _around_coroutine(function: Callable[P, Any], expected: tuple[type[Exception], ...]) -> Callable[P, Any]:
    @functools.wraps(function)
    async def around(*args: P.args, **kwargs: P.kwargs) -> Any:
        try:
            return await function(*args, **kwargs)
        except expected:
            raise
        except Exception as problem:  # noqa: BLE001  # whatever it is, its frames are left out
            bug = _told(problem)
        raise bug

    return around


def _told(problem: Exception) -> Bug | MemoryError:
    """The kind of a problem and its lines, innermost last; raised outside the handler, it has no context.

    Memory that runs out is no bug, and stays what it is.
    """
    if isinstance(problem, MemoryError):
        return MemoryError()
    if isinstance(problem, Bug):
        return Bug(str(problem))
    frames = [
        (frame.f_code.co_filename.rsplit("/", 1)[-1], record_line)
        for frame, record_line in traceback.walk_tb(problem.__traceback__)
    ]
    return Bug(
        f"{type(problem).__name__} by way of " + ", ".join(f"{file}:{record_line}" for file, record_line in frames)
    )
