"""What the routes work with, passed in at start; and how a route gets it."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Annotated, cast

from fastapi import Depends, HTTPException, Request

from spentkey.core.checkpoint_end import LastCheckpoint
from spentkey.core.errors import Misconfigured
from spentkey.core.secret import Secret
from spentkey.core.task import TaskRef
from spentkey.observe.metrics import Metrics
from spentkey.ports.evidence_tree import EvidenceTree, Filters
from spentkey.ports.queue import Engine
from spentkey.ports.runtime import Clock
from spentkey.steps.context import Context
from spentkey.web.access import Access
from spentkey.web.readiness import Readiness

PLANS_AT_ONCE = 4
"""The most plans that are made at once, so that requests for plans do not use up a tenant's quota."""

EXPORTS_AT_ONCE = 1
"""The most exports that are made at once: one may read the whole log."""
MakeExport = Callable[[Filters, str, Path], Awaitable[None]]
"""Which removals, the name of the login that asks, and the file to write."""


@dataclass(frozen=True)
class WebService:
    """Everything that a request may need; there are no globals."""

    engine: Engine
    context: Context
    metrics: Metrics
    readiness: Readiness
    access: Access
    webhook_secret: Secret | None
    clock: Clock
    valid: Callable[[str], TaskRef]
    """A task's reference; raises `Misconfigured` for a text that no task of the desk has."""
    started: datetime
    tree: EvidenceTree
    last_checkpoint: Callable[[], Awaitable[LastCheckpoint | None]]
    """The newest in the store; where nobody signs, the tree as it is now."""
    export: MakeExport | None = None
    """Writes an export to a file that is not there yet, and puts it on record; None where the service makes none."""
    exports: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(EXPORTS_AT_ONCE))
    plans: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(PLANS_AT_ONCE))

    def reference(self, text: str) -> TaskRef:
        """The task that a caller means; 422 where the desk can have none of that name."""
        try:
            return self.valid(text)
        except Misconfigured as problem:
            raise HTTPException(422, str(problem)) from None


def _service_of(request: Request) -> WebService:
    return cast("WebService", request.app.state.service)


TheService = Annotated[WebService, Depends(_service_of)]
