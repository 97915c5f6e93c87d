"""Which records an export holds: a whole period, or what belongs to the removals that are asked for."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from spentkey.core.evidence import Facts
from spentkey.core.history import ENDS
from spentkey.ports.evidence_tree import Filters
from spentkey.storage.wanted import is_wanted

WHAT_ENDS = tuple(f'"what":"{one}"' for one in ENDS)


def is_filtered(wanted: Filters) -> bool:
    """Whether more than a period is asked for, so that nothing can be said of completeness."""
    return any((wanted.task, wanted.app, wanted.tenant, wanted.outcome))


@dataclass
class Chosen:
    """What belongs to the removals that are asked for.

    A removal is known by its task, one without a task by its try. It is asked for where its result is, or where the
    record itself is, as far as it says what is asked: one that has not ended has no outcome, and no name.
    """

    wanted: Filters
    tasks: set[str] = field(default_factory=set)
    tries: set[str] = field(default_factory=set)

    @classmethod
    async def among(cls, lines: AsyncIterator[str], wanted: Filters) -> "Chosen":
        """Look through the results of the period; memory grows with the removals that are found, not with the records."""
        found = cls(wanted)
        async for record_line in lines:
            if any(one in record_line for one in WHAT_ENDS):
                found.note(json.loads(record_line))
        return found

    def note(self, record: Facts) -> None:
        """Note a result, if it is asked for."""
        if record.get("what") not in ENDS or not is_wanted(record, self.wanted):
            return
        if record.get("task"):
            self.tasks.add(str(record["task"]))
        else:
            self.tries.add(str(record.get("attempt")))

    def holds(self, record: Facts) -> bool:
        """Whether the record belongs to them."""
        task = str(record.get("task"))
        if task in self.tasks or str(record.get("attempt")) in self.tries:
            return True
        return self.wanted.outcome is None and is_wanted(record, self.wanted)
