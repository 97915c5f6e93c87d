"""What a worker did until it was stopped: counts, and what was under way."""

from collections import Counter

from spentkey.cli.show import STEP_WORDS, in_totals
from spentkey.cli.so_far import name_pending
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.observe.observer import Observer


class Tally(Observer):
    """Counts what a worker did until it was stopped, in constant memory."""

    def __init__(self) -> None:
        self._outcomes: Counter[str] = Counter()
        self._at: dict[TaskRef, str] = {}

    def stepped(self, task: TaskRef, step: str, detail: str) -> None:
        """Keep where a task is, until it ends."""
        del detail
        if step in STEP_WORDS:
            self._at[task] = step
        else:
            self._at.pop(task, None)

    def ended(self, result: Result) -> None:
        """Count it."""
        self._outcomes[result.outcome] += 1
        self._at.pop(TaskRef(result.task), None)

    def crashed(self, task: TaskRef, problem: Exception) -> None:
        """It is no longer under way."""
        del problem
        self._at.pop(task, None)

    def name_pending(self) -> None:
        """Name what was under way."""
        name_pending(self._at)

    def totals(self) -> str:
        """The counts in one sentence; a task that was tried twice counts twice."""
        return in_totals(self._outcomes)
