"""The locks."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Locks(Protocol):
    """Advisory turns, across processes; raises `Busy` when somebody else does not end in time (guard G9)."""

    def task(self, number: int) -> AbstractAsyncContextManager[None]:
        """One worker at a time on a task."""
        ...

    def application(self, app_id: str) -> AbstractAsyncContextManager[None]:
        """One writer at a time on an application, with the configured pause between two."""
        ...
