"""The locks."""

from contextlib import AbstractAsyncContextManager
from typing import Protocol

from spentkey.core.task import TaskRef


class Locks(Protocol):
    """Advisory locks across processes; raises `Busy` when another holder does not finish in time (guard G9)."""

    def task(self, ref: TaskRef) -> AbstractAsyncContextManager[None]:
        """One worker at a time on a task."""
        ...

    def application(self, app_id: str) -> AbstractAsyncContextManager[None]:
        """One writer at a time on an application, with the configured pause between two."""
        ...

    def canary(self, tenant: str, route: str) -> AbstractAsyncContextManager[None]:
        """One unproven removal at a time in a tenant, by a route (guard G8)."""
        ...

    def opening(self, name: str) -> AbstractAsyncContextManager[None]:
        """One process at a time that opens a request for a credential, or counts the requests that were opened."""
        ...
