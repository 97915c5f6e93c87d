"""The requests that were opened, as they stand in the evidence on PostgreSQL."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, LiteralString

from spentkey.core.evidence import Facts, field_in_line
from spentkey.storage.postgres import rows as stored


class FindsOpenings(ABC):
    """Evidence that finds the records `opening` and `opened`."""

    @abstractmethod
    async def found(self, condition: LiteralString, **values: Any) -> list[Facts]:
        """The records that a condition finds, each checked."""

    async def openings(
        self, *, key_id: str | None = None, since: datetime | None = None, state: str | None = None
    ) -> Sequence[Facts]:
        """By their own index; the state is looked for in the lines."""
        wanted = field_in_line("state", state) if state is not None else ""
        key = stored.searchable(key_id) if key_id is not None else None
        return await self.found(stored.OPENINGS, key_id=key, since=since, state=wanted)
