"""Passes events to all observers: tasks, steps and outside calls are reported once, and each observer receives them."""

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from dataclasses import dataclass

from spentkey.core.checkpoint_end import CheckpointEnd
from spentkey.core.outcome import Result
from spentkey.core.task import TaskRef
from spentkey.ports.runtime import Call, Clock


@dataclass(frozen=True)
class Called:
    """An outside call that has ended; `status` is the answer's, or `none`, `ok`, `refused` where there is no number."""

    system: str
    route: str
    status: str
    seconds: float
    client_request_id: str | None
    usable: bool = True


class Observer:
    """Receives events, and by default does nothing with them."""

    def called(self, call: Called) -> None:
        """An outside call has ended."""

    def throttled(self, system: str) -> None:
        """A system said that too much was asked of it."""

    def left_out(self, system: str, what: str, problem: str) -> None:
        """Something of that kind cannot be read, and is left out; `problem` names it."""

    def stepped(self, task: TaskRef, step: str, detail: str) -> None:
        """A task has reached a step."""

    def told(self, message: str) -> None:
        """Something takes long that belongs to no task."""

    def working(self, task: TaskRef, attempt: str) -> AbstractContextManager[None]:
        """Around one try at a task."""
        del task, attempt
        return nullcontext()

    def notified(self, event: str, result: str, why: str) -> None:
        """What became of a notice: `sent`, `failed`, `given-up` or `dropped`; `why` is told at most once a minute."""

    def checkpointed(self, end: CheckpointEnd) -> None:
        """A checkpoint was made; or there is no key, and the head of the tree alone is known."""

    def not_checkpointed(self, why: str) -> None:
        """No checkpoint could be made; `why` is empty where that was told before."""

    def ended(self, result: Result) -> None:
        """A try at a task has ended."""

    def crashed(self, task: TaskRef, problem: Exception) -> None:
        """A try at a task met a bug, or a configuration that cannot be used."""


@dataclass(frozen=True)
class Observers:
    """The ports `Progress` and `Meter` for several observers."""

    observers: Sequence[Observer]
    clock: Clock

    def step(self, task: TaskRef, step: str, detail: str = "") -> None:
        """Report that a task has reached a step."""
        for observer in self.observers:
            observer.stepped(task, step, detail)

    def tell(self, message: str) -> None:
        """Report what belongs to no task."""
        for observer in self.observers:
            observer.told(message)

    @contextmanager
    def call(self, system: str, route: str, client_request_id: str | None = None) -> Generator[Call]:
        """Time one outside call, whatever its end."""
        under_way, began = Call(), self.clock.monotonic()
        try:
            yield under_way
        finally:
            seconds = self.clock.monotonic() - began
            told = Called(system, route, under_way.status, seconds, client_request_id, under_way.usable)
            for observer in self.observers:
                observer.called(told)

    def throttled(self, system: str) -> None:
        """Report that a system answered 429."""
        for observer in self.observers:
            observer.throttled(system)

    def left_out(self, system: str, what: str, problem: str) -> None:
        """Report that something cannot be read."""
        for observer in self.observers:
            observer.left_out(system, what, problem)

    def notified(self, event: str, result: str, why: str = "") -> None:
        """Report what became of a notice."""
        for observer in self.observers:
            observer.notified(event, result, why)

    def checkpointed(self, end: CheckpointEnd) -> None:
        """Report a checkpoint."""
        for observer in self.observers:
            observer.checkpointed(end)

    def not_checkpointed(self, why: str) -> None:
        """Report that none could be made."""
        for observer in self.observers:
            observer.not_checkpointed(why)

    @contextmanager
    def working(self, task: TaskRef, attempt: str) -> Generator[None]:
        """Around one try at a task."""
        with ExitStack() as stack:
            for observer in self.observers:
                stack.enter_context(observer.working(task, attempt))
            yield

    def ended(self, result: Result) -> None:
        """Report how a try at a task ended."""
        for observer in self.observers:
            observer.ended(result)

    def crashed(self, task: TaskRef, problem: Exception) -> None:
        """Report that a try at a task met a bug."""
        for observer in self.observers:
            observer.crashed(task, problem)
