"""The evidence."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from spentkey.core.evidence import Facts
from spentkey.core.gap import Lost
from spentkey.core.history import History
from spentkey.core.limits import BlastRadius
from spentkey.core.outcome import Refused
from spentkey.core.tree import TreeHead

FactsUpon = Callable[[TreeHead], dict[str, Any]]
"""A record that says what the log was before it: it is asked for under the lock, maybe twice, and must be quick."""
Question = Callable[[BlastRadius], Refused | None]
"""Something that guard G8 asks of the recent past."""


Told = Callable[[int], None]
"""Hears how many records were read."""


def untold(done: int) -> None:
    """For callers whom it does not concern."""
    del done


class EvidenceLog(Protocol):
    """Where evidence is kept. `append` returns only when the record is safely on disk."""

    async def append(self, what: str, facts: dict[str, Any]) -> None:
        """Add one record to the chain; raises `EvidenceBroken` when it cannot."""
        ...

    async def append_upon(self, what: str, facts: FactsUpon) -> TreeHead:
        """Add one record that is made of the tree before it, as one step; returns that tree's size and root.

        The size is the record's `seq`. Raises as `append` does.
        """
        ...

    async def append_unless(self, refuse: Question, what: str, facts: dict[str, Any]) -> Refused | None:
        """Ask `refuse` and, if it has nothing against it, append, as one step that no other process can come between."""
        ...

    async def ask(self, question: Question) -> Refused | None:
        """Ask something of the recent past without writing."""
        ...

    async def history(self, task: int | str) -> History:
        """What is on record about a task, whose `task` in records is exactly this number or text."""
        ...

    async def removals(self, app_id: str) -> Mapping[str, Sequence[int | str]]:
        """The key ids of that application that Spentkey may ever have removed, each with the tasks for which it did.

        That is by each intent on record, but for those whose `answer` says for sure that nothing was done.
        """
        ...

    async def verify(self, tell: Told = untold) -> int:
        """Read the whole chain and check it; returns how many records it has, raises `EvidenceBroken` at the first fault.

        `tell` hears now and then how many were read.
        """
        ...

    async def openings(
        self, *, key_id: str | None = None, since: datetime | None = None, state: str | None = None
    ) -> Sequence[Facts]:
        """The records `opening` and `opened` of that key id, at that time or later, and with that state; oldest first.

        Each of the three may be left out. Only for who also writes: older tables, which a reader may meet, have no index.
        """
        ...

    async def recent(self, limit: int, before: int | None = None) -> Sequence[Facts]:
        """The latest `result` records, newest first, at most `limit`; with `before`, those whose `seq` is lower."""
        ...

    async def ended(self, attempt: str) -> Facts | None:
        """The `result` or `step-result` record of the try with that id; None where there is none."""
        ...


class LossyEvidence(EvidenceLog, Protocol):
    """Evidence in a database that may lose what was acknowledged: a standby that was behind is promoted, a backup restored."""

    async def lost(self) -> Lost | None:
        """What was acknowledged to this machine and is not there any more; None where nobody need look into anything."""
        ...

    async def accept(self, lost: Lost, who: str, why: str) -> None:
        """Put on record that these are lost, so that work goes on; raises as `append` does, and then nothing is accepted."""
        ...
