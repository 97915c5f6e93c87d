"""What a command has done so far: which tasks ended, and which were under way when it was interrupted."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from spentkey.cli.ending import complain
from spentkey.cli.show import STEP_WORDS
from spentkey.core.errors import SpentkeyError
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.ports.runtime import Progress

INTERRUPTED = 130
MOST_NAMED = 20
"""How many tasks under way are named."""


class SoFar:
    """The `Progress` port in front of another one: it keeps the steps of each task, and the results as they come."""

    def __init__(self, inner: Progress) -> None:
        self._inner = inner
        self._at: dict[TaskRef, str] = {}
        self.results: list[Result] = []
        self.steps: set[str] = set()

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        """Keep the step and pass it on."""
        self.steps.add(step)
        self._at[task] = step
        self._inner.step(task, step, detail)

    def tell(self, message: str) -> None:
        """Pass it on."""
        self._inner.tell(message)

    def ended(self, result: Result) -> None:
        """Keep how a task ended."""
        self.results.append(result)
        self._at.pop(TaskRef(result.task), None)

    @contextmanager
    def shown_if_interrupted(self, show: Callable[[list[Result]], None]) -> Generator[None]:
        """Where the block does not come to its end, by Ctrl-C or by a bug: show what ended, and name what is pending."""
        try:
            yield
        except BaseException as problem:
            if self.results:
                show(self.results)
            if not isinstance(problem, SpentkeyError):  # which says itself what is in the way
                name_pending(self._at)
            raise


def name_pending(at: dict[TaskRef, str]) -> None:
    """One line on stderr for each task that was at a step of the story."""
    pending = [(task, step) for task, step in at.items() if step in STEP_WORDS]
    for task, step in pending[:MOST_NAMED]:
        complain(f"{task} was under way ({STEP_WORDS[step]}); the next run goes on from there", INTERRUPTED)
    if len(pending) > MOST_NAMED:
        complain(f"{len(pending) - MOST_NAMED} more were under way", INTERRUPTED)
